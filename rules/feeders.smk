# One job per group and stage; a job answers all cases of its group.


rule prepare_feeder:
    input:
        feeder=feeder,
        facts=given(".json"),
        meters=given(".meters.parquet"),
        scada=given(".scada.parquet"),
        readings=readings,
        weather=layout.WEATHER,
        raw=border.raw("prepare_feeder"),
    output:
        demand=solid(layout.DEMAND),
        profiles=solid(layout.PROFILES),
        ready=solid(layout.READY),
        linked=solid(layout.LINKED),
    log:
        log_of("prepare_feeder", "{group}"),
    priority: border.priority
    conda:
        ENV
    params:
        spec=border.spec("prepare_feeder"),
        code=border.code("prepare_feeder"),
        seen=border.seen("prepare_feeder"),
    shell:
        job("prepare_feeder", "--group {wildcards.group:q}", "--raw {input.raw:q}")


rule solve_feeder:
    input:
        feeder=feeder,
        demand=layout.DEMAND,
        profiles=layout.PROFILES,
        ready=layout.READY,
        facts=given(".json"),
        weather=layout.WEATHER,
        raw=border.raw("solve_feeder"),
    output:
        powerflow=solid(layout.POWERFLOW),
        hourly=solid(layout.HOURLY),
        violations=solid(layout.VIOLATIONS),
        composition=solid(layout.COMPOSITION),
        devices=solid(layout.DEVICES),
        kept=solid(layout.KEPT),
        manifest=solid(layout.MANIFEST),
    log:
        log_of("solve_feeder", "{group}"),
    benchmark:
        benchmark_of("solve_feeder", "{group}")
    priority: border.priority
    conda:
        ENV
    params:
        spec=border.spec("solve_feeder"),
        code=border.code("solve_feeder"),
        seen=border.seen("solve_feeder"),
    shell:
        job("solve_feeder", "--group {wildcards.group:q}", "--raw {input.raw:q}")


rule validate_feeder:
    input:
        feeder=feeder,
        ready=layout.READY,
        reference=layout.REFERENCE,
    output:
        deviations=solid(layout.DEVIATIONS),
    log:
        log_of("validate_feeder", "{group}"),
    priority: border.priority
    conda:
        ENV
    params:
        spec=border.spec("validate_feeder"),
        code=border.code("validate_feeder"),
    shell:
        job("validate_feeder", "--group {wildcards.group:q}")


rule host_feeder:
    input:
        feeder=feeder,
        demand=layout.DEMAND,
        profiles=layout.PROFILES,
        ready=layout.READY,
        facts=given(".json"),
        weather=layout.WEATHER,
        raw=border.raw("host_feeder"),
    output:
        hosting=solid(layout.HOSTING),
    log:
        log_of("host_feeder", "{group}"),
    benchmark:
        benchmark_of("host_feeder", "{group}")
    priority: border.priority
    conda:
        ENV
    params:
        spec=border.spec("host_feeder"),
        code=border.code("host_feeder"),
        seen=border.seen("host_feeder"),
    shell:
        job("host_feeder", "--group {wildcards.group:q}", "--raw {input.raw:q}")


rule formula_feeder:
    input:
        feeder=feeder,
        demand=layout.DEMAND,
        profiles=layout.PROFILES,
        ready=layout.READY,
        facts=given(".json"),
        weather=layout.WEATHER,
        raw=border.raw("formula_feeder"),
        hosting=layout.HOSTING,
    output:
        formula=solid(layout.FORMULA),
    log:
        log_of("formula_feeder", "{group}"),
    benchmark:
        benchmark_of("formula_feeder", "{group}")
    priority: border.priority
    conda:
        ENV
    params:
        spec=border.spec("formula_feeder"),
        code=border.code("formula_feeder"),
        seen=border.seen("formula_feeder"),
    shell:
        job("formula_feeder", "--group {wildcards.group:q}", "--raw {input.raw:q}")


rule sweep_feeder:
    input:
        feeder=feeder,
        demand=layout.DEMAND,
        profiles=layout.PROFILES,
        ready=layout.READY,
        facts=given(".json"),
        weather=layout.WEATHER,
        raw=border.raw("sweep_feeder"),
    output:
        swept=solid(layout.SWEPT),
        hosted=solid(layout.HOSTED),
    log:
        log_of("sweep_feeder", "{group}"),
    benchmark:
        benchmark_of("sweep_feeder", "{group}")
    priority: border.priority
    conda:
        ENV
    params:
        spec=border.spec("sweep_feeder"),
        code=border.code("sweep_feeder"),
        seen=border.seen("sweep_feeder"),
    shell:
        job("sweep_feeder", "--group {wildcards.group:q}", "--raw {input.raw:q}")


rule comply_feeder:
    input:
        feeder=feeder,
        demand=layout.DEMAND,
        profiles=layout.PROFILES,
        ready=layout.READY,
        facts=given(".json"),
        weather=layout.WEATHER,
        raw=border.raw("comply_feeder"),
    output:
        compliance=solid(layout.COMPLIANCE),
        lights=solid(layout.LIGHTS),
        curtailment=solid(layout.CURTAILMENT),
    log:
        log_of("comply_feeder", "{group}"),
    benchmark:
        benchmark_of("comply_feeder", "{group}")
    priority: border.priority
    conda:
        ENV
    params:
        spec=border.spec("comply_feeder"),
        code=border.code("comply_feeder"),
        seen=border.seen("comply_feeder"),
    shell:
        job("comply_feeder", "--group {wildcards.group:q}", "--raw {input.raw:q}")


rule mitigate_feeder:
    input:
        feeder=feeder,
        demand=layout.DEMAND,
        profiles=layout.PROFILES,
        ready=layout.READY,
        facts=given(".json"),
        weather=layout.WEATHER,
        raw=border.raw("mitigate_feeder"),
        costs=layout.COSTS,
    output:
        measures=solid(layout.MEASURES),
        packages=solid(layout.PACKAGES),
    log:
        log_of("mitigate_feeder", "{group}"),
    benchmark:
        benchmark_of("mitigate_feeder", "{group}")
    priority: border.priority
    conda:
        ENV
    params:
        spec=border.spec("mitigate_feeder"),
        code=border.code("mitigate_feeder"),
        seen=border.seen("mitigate_feeder"),
    shell:
        job("mitigate_feeder", "--group {wildcards.group:q}", "--raw {input.raw:q}")


rule assess_feeder:
    input:
        feeder=feeder,
        powerflow=layout.POWERFLOW,
        hourly=layout.HOURLY,
        violations=layout.VIOLATIONS,
        manifest=layout.MANIFEST,
    output:
        assess=solid(layout.ASSESS),
    log:
        log_of("assess_feeder", "{group}"),
    priority: border.priority
    conda:
        ENV
    params:
        spec=border.spec("assess_feeder"),
        code=border.code("assess_feeder"),
    shell:
        job("assess_feeder", "--group {wildcards.group:q}")
