"""Transformers and regulator controls of an OpenDSS circuit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dtl.network.feeder import Regulator, Transformer, Winding
from dtl.sources.opendss_faults import guarded, half_open, refuse
from dtl.sources.opendss_properties import account
from dtl.sources.reading import Reading, plain


def add_transformers(reading: Reading, feeder: str, classes: Mapping[str, list[dict[str, Any]]]) -> None:
    """Add all enabled transformers and their controls."""
    regulated = {
        str(item["full"]["Transformer"]).lower()
        for item in classes.get("RegControl", ())
        if item["full"]["Enabled"] and item["full"]["Transformer"]
    }
    kept = set()
    codes = {item["name"]: set(item["given"]) for item in classes.get("XfmrCode", ())}
    for item in classes.get("Transformer", ()):
        code = codes.get(str(item["full"]["XfmrCode"] or "").lower(), set())
        with guarded(reading, feeder, "Transformer", item):
            if not item["full"]["Enabled"] or _open(reading, feeder, item):
                continue
            if _transformer(reading, feeder, item, item["name"] in regulated, code):
                kept.add(item["name"])
    for item in classes.get("RegControl", ()):
        with guarded(reading, feeder, "RegControl", item):
            if item["full"]["Enabled"]:
                _regulator(reading, feeder, item, kept)


def _open(reading: Reading, feeder: str, item: Mapping[str, Any]) -> bool:
    if reason := half_open(item):
        refuse(reading, feeder, "Transformer", item, reason, harmless=False)
    return bool(reason)


def _transformer(
    reading: Reading, feeder: str, item: Mapping[str, Any], is_regulator: bool, code: Collection[str]
) -> bool:
    """Add a transformer, unless the model cannot hold it; `code` are the properties that its code states."""
    full, given, name = item["full"], {*item["given"], *code}, plain(item["name"])
    windings = len(full["kVs"])
    if not 2 <= windings <= 3 or full["Phases"] > 3:
        reason = f"has {windings} windings and {full['Phases']} phases; the model holds two or three of each"
        refuse(reading, feeder, "Transformer", item, reason, harmless=False)
        return False
    three, reactances = windings == 3, full["XSCArray"]
    if min(reactances) < 0:
        refuse(reading, feeder, "Transformer", item, "has a negative short-circuit reactance", harmless=False)
        return False
    part = Transformer(
        name=name,
        phases=full["Phases"],
        windings=tuple(_winding(item, w) for w in range(windings)),
        xhl_pct=_round(reactances[0]),
        xht_pct=_round(reactances[1]) if three else None,
        xlt_pct=_round(reactances[2]) if three else None,
        no_load_loss_pct=full["pctNoLoadLoss"],
        magnetizing_pct=full["pctIMag"],
        normal_kva=full["NormHkVA"] if "NormHkVA" in given else None,
        emergency_kva=full["EmergHkVA"] if "EmergHkVA" in given else None,
        lead_lag="lead" if full["LeadLag"].lower() in ("lead", "euro") else "lag",
        ppm_antifloat=full["ppm_Antifloat"],
        bank=plain(full["Bank"] or ""),
        is_regulator=is_regulator,
    )
    reading.add(feeder, part)
    refused = {}
    if not three:
        refused = dict.fromkeys(("XHT", "XLT", "X13", "X23"), "belongs to a third winding, which it has not")
    reason = "is the engine's default, a multiple of the kVA of winding 1"
    if part.normal_kva is None:
        refused |= dict.fromkeys(("NormHkVA", "Ratings"), reason)
    if part.emergency_kva is None:
        refused |= {"EmergHkVA": reason}
    account(reading, feeder, "Transformer", item, f"transformer.{name}", refused)
    return True


def _winding(item: Mapping[str, Any], w: int) -> Winding:
    full, order = item["full"], item["nodes"][w]
    phases, delta = full["Phases"], full["Conns"][w].lower().startswith("d")
    nodes = tuple(order[:phases]) if delta else _wye(order, phases)
    if phases == 1:
        nodes = (order[0], order[1])
    return Winding(
        bus=plain(item["buses"][w]),
        nodes=nodes,
        connection="delta" if delta else "wye",
        kv=full["kVs"][w],
        kva=full["kVAs"][w],
        r_pct=_round(full["pctRs"][w]),
        tap_pu=full["Taps"][w],
        min_tap_pu=full["MinTap"][w],
        max_tap_pu=full["MaxTap"][w],
        taps=int(full["NumTaps"][w]),
        r_neutral_ohm=full["RNeut"][w],
        x_neutral_ohm=full["XNeut"][w],
    )


def _wye(order: list[int], phases: int) -> tuple[int, ...]:
    """The nodes of a wye winding; a neutral at ground goes without saying."""
    nodes = tuple(order[: phases + 1])
    return nodes[:-1] if nodes[-1] == 0 else nodes


def _regulator(reading: Reading, feeder: str, item: Mapping[str, Any], transformers: set[str]) -> None:
    full, name = item["full"], plain(item["name"])
    target = str(full["Transformer"] or "").lower()
    if target not in transformers:
        refuse(
            reading,
            feeder,
            "RegControl",
            item,
            f"controls the transformer {target!r}, which is not there",
            harmless=False,
        )
        return
    if full["TapWinding"] != full["Winding"]:
        reading.find(
            "conversion.property-refused",
            "warning",
            "measures one winding and moves the tap of another; the tap of the measured winding is moved instead",
            feeder=feeder,
            element=f"RegControl.{item['name']}",
            field="TapWinding",
            value=str(full["TapWinding"]),
            remedy="Check the regulator.",
        )
    reverse = bool(full["Reversible"])
    phase = str(full["PTPhase"]).lower()
    part = Regulator(
        name=name,
        transformer=plain(target),
        winding=full["Winding"],
        set_v=full["VReg"],
        band_v=full["Band"],
        pt_ratio=full["PTRatio"],
        remote_pt_ratio=full["RemotePTRatio"] if full["Bus"] and full["RemotePTRatio"] != full["PTRatio"] else None,
        ct_primary_a=full["CTPrim"],
        r_v=full["R"],
        x_v=full["X"],
        delay_s=full["Delay"],
        tap_delay_s=full["TapDelay"],
        monitored_bus=plain(full["Bus"] or ""),
        pt_phase=int(phase) if phase.isdigit() else phase,
        max_tap_change=full["MaxTapChange"],
        reversible=reverse,
        reverse_set_v=full["RevVReg"] if reverse else None,
        reverse_band_v=full["RevBand"] if reverse else None,
    )
    reading.add(feeder, part)
    refused = {} if reverse else dict.fromkeys(("RevVReg", "RevBand"), "acts only when reversible")
    account(reading, feeder, "RegControl", item, f"regulator.{name}", refused)


def _round(value: float) -> float:
    return float(f"{value:.12g}")
