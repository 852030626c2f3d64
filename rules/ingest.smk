# From the files of the sources to one model per feeder.


rule read_source:
    input:
        raw=border.raw("read_source"),
    output:
        source=directory(layout.SOURCE),
    log:
        log_of("read_source", "{source}"),
    conda:
        ENV
    params:
        spec=border.spec("read_source"),
        code=border.code("read_source"),
        seen=border.seen("read_source"),
    shell:
        job("read_source", "--source {wildcards.source:q}", "--raw {input.raw:q}")


rule merge_network:
    input:
        sources=border.sources(layout.SOURCE),
    output:
        network=solid(layout.NETWORK),
        findings=solid(layout.FINDINGS),
        conversion=solid(layout.CONVERSION),
        outages=solid(layout.OUTAGES),
        steps=solid(layout.STEPS),
        served=solid(layout.SERVED),
    log:
        log_of("merge_network"),
    conda:
        ENV
    params:
        spec=border.spec("merge_network"),
        code=border.code("merge_network"),
    shell:
        job("merge_network")


checkpoint split_feeders:
    input:
        network=layout.NETWORK,
        findings=layout.FINDINGS,
    output:
        index=solid(layout.FEEDERS),
        feeders=directory(layout.FEEDER_DIR),
    log:
        log_of("split_feeders"),
    conda:
        ENV
    params:
        spec=border.spec("split_feeders"),
        code=border.code("split_feeders"),
    shell:
        job("split_feeders")
