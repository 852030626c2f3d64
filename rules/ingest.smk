# From the files of the sources to one model per feeder.


rule read_source:
    input:
        raw=border.raw("read_source"),
    output:
        source=directory(layout.SOURCE),
    log:
        log_of("read_source", "{source}"),
    priority: border.first
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
        raw=border.raw("merge_network"),
    output:
        network=solid(layout.NETWORK),
        findings=solid(layout.FINDINGS),
        conversion=solid(layout.CONVERSION),
        outages=solid(layout.OUTAGES),
        steps=solid(layout.STEPS),
        served=solid(layout.SERVED),
        assets=solid(layout.ASSETS),
        links=solid(layout.LINKS),
        meters=solid(layout.METERS),
        placed=solid(layout.PLACED),
        known=solid(layout.KNOWN),
        series=solid(layout.SERIES),
        scada=solid(layout.SCADA),
        weather=solid(layout.WEATHER),
        register=solid(layout.REGISTER),
        forecast=solid(layout.FORECAST),
        costs=solid(layout.COSTS),
        reference=solid(layout.REFERENCE),
    log:
        log_of("merge_network"),
    conda:
        ENV
    params:
        spec=border.spec("merge_network"),
        code=border.code("merge_network"),
        seen=border.seen("merge_network"),
    shell:
        job("merge_network", "--raw {input.raw:q}")


checkpoint split_readings:
    input:
        known=layout.KNOWN,
        placed=layout.PLACED,
        raw=border.raw("split_readings"),
    output:
        readings=directory(layout.READINGS_DIR),
    log:
        log_of("split_readings"),
    conda:
        ENV
    params:
        spec=border.spec("split_readings"),
        code=border.code("split_readings"),
        seen=border.seen("split_readings"),
    shell:
        job("split_readings", "--raw {input.raw:q}")


checkpoint split_feeders:
    input:
        network=layout.NETWORK,
        findings=layout.FINDINGS,
        meters=layout.METERS,
        scada=layout.SCADA,
        weather=layout.WEATHER,
        register=layout.REGISTER,
        forecast=layout.FORECAST,
    output:
        index=solid(layout.FEEDERS),
        feeders=directory(layout.FEEDER_DIR),
        given=directory(layout.GIVEN_DIR),
    log:
        log_of("split_feeders"),
    conda:
        ENV
    params:
        spec=border.spec("split_feeders"),
        code=border.code("split_feeders"),
    shell:
        job("split_feeders")
