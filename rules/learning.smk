# What is learned: feeder by feeder, then over all of them.


rule learn_feeder:
    input:
        feeder=feeder,
        facts=given(".json"),
        meters=layout.LINKED,
        scada=given(".scada.parquet"),
        readings=readings,
        weather=layout.WEATHER,
        register=layout.REGISTER,
        demand=layout.DEMAND,
        profiles=layout.PROFILES,
        powerflow=layout.POWERFLOW,
        hourly=layout.HOURLY,
        violations=layout.VIOLATIONS,
        assess=layout.ASSESS,
        reference=layout.REFERENCE,
    output:
        learned=directory(layout.LEARNED),
    log:
        log_of("learn_feeder", "{group}"),
    priority: border.priority
    conda:
        ENV
    params:
        spec=border.spec("learn_feeder"),
        code=border.code("learn_feeder"),
    shell:
        job("learn_feeder", "--group {wildcards.group:q}")


rule learn:
    input:
        index=layout.FEEDERS,
        outages=layout.OUTAGES,
        steps=layout.STEPS,
        served=layout.SERVED,
        assets=layout.ASSETS,
        links=layout.LINKS,
        meters=layout.METERS,
        weather=layout.WEATHER,
        forecast=layout.FORECAST,
        costs=layout.COSTS,
        feeder=of_groups(layout.FEEDER),
        assess=of_groups(layout.ASSESS),
        learned=of_groups(layout.LEARNED),
        formula=of_groups(layout.FORMULA),
    output:
        learning=directory(layout.LEARNING),
    log:
        log_of("learn"),
    conda:
        ENV
    params:
        spec=border.spec("learn"),
        code=border.code("learn"),
    shell:
        job("learn")
