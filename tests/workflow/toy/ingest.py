"""From raw files to feeders. A raw file has lines `kw NUMBER`; what follows a # is a remark and means nothing."""

from __future__ import annotations

from fnmatch import fnmatch

from toy.rows import read, read_json, row, write, write_json


def read_source(spec, inputs, outputs):
    if spec["spec"]["kind"] == "oms":
        text = "\n".join(path.read_text() for path in inputs["raw"].values())
        ids = [line.split("#")[0].strip() for line in text.splitlines()]
        write_json({"source": spec["source"], "outages": ids}, outputs["source"] / "source.json")
        return
    found = {}
    for name, path in sorted(inputs["raw"].items()):
        lines = [line.split("#")[0].split() for line in path.read_text().splitlines()]
        found[name.split("/")[1]] = sum(float(words[1]) for words in lines if words)
    write_json({"source": spec["source"], "feeders": found}, outputs["source"] / "source.json")


def merge_network(spec, inputs, outputs):
    rows = []
    outages: list = []
    for folder in inputs["sources"].values():
        said = read_json(folder / "source.json")
        for feeder, kw in said.get("feeders", {}).items():
            rows.append(row("network", feeder=feeder, kind="load", name="all", body=f'{{"kw":{kw}}}'))
        outages += [row("outages", source=said["source"], outage=name) for name in said.get("outages", [])]
    write("network", rows, outputs["network"])
    write("findings", [], outputs["findings"])
    write("outages", outages, outputs["outages"])
    for name in set(outputs) - {"network", "findings", "outages", "known"}:
        write(name, [], outputs[name])
    write_json(sorted(r["feeder"] for r in rows), outputs["known"])


def split_readings(spec, inputs, outputs):
    outputs["readings"].mkdir()
    joined = {f: "+".join(g) for g in spec["together"] for f in g}
    for feeder in read_json(inputs["known"]):
        write("readings", [], outputs["readings"] / f"{joined.get(feeder, feeder)}.parquet")


def split_feeders(spec, inputs, outputs):
    bodies = {r["feeder"]: r["body"] for r in read("network", inputs["network"])}
    chosen = [f for f in bodies if any(fnmatch(f, g) for g in spec["feeders"])]
    joined = {f: "+".join(g) for g in spec["together"] for f in g}
    groups = {}
    for feeder in chosen:
        groups.setdefault(joined.get(feeder, feeder), []).append(feeder)
    outputs["feeders"].mkdir()
    index = {}
    for group, feeders in groups.items():
        failed = any('"kw":0.0' in bodies[f] for f in feeders)
        index[group] = {
            "feeders": feeders,
            "status": "failed" if failed else "ok",
            "reason": "no load" if failed else "",
        }
        if not failed:
            write_json({f: bodies[f] for f in feeders}, outputs["feeders"] / f"{group}.json")
    write_json({"groups": index}, outputs["index"])
    outputs["given"].mkdir()
    for group in [g for g, about in index.items() if about["status"] == "ok"]:
        write_json({"areas": spec["areas"]}, outputs["given"] / f"{group}.json")
        for name in ("meters", "scada"):
            write(name, [], outputs["given"] / f"{group}.{name}.parquet")
