# From all feeders to the cube, the pages and the site; the gate is last, so that a site exists when it fails.


rule choose_works:
    input:
        measures=of_groups(layout.MEASURES),
        packages=of_groups(layout.PACKAGES),
        costs=layout.COSTS,
    output:
        portfolio=solid(layout.PORTFOLIO),
        proposal=directory(layout.PROPOSAL),
    log:
        log_of("choose_works"),
    conda:
        ENV
    params:
        spec=border.spec("choose_works"),
        code=border.code("choose_works"),
    shell:
        job("choose_works")


rule gather:
    input:
        index=layout.FEEDERS,
        outages=layout.OUTAGES,
        steps=layout.STEPS,
        served=layout.SERVED,
        reference=layout.REFERENCE,
        deviations=of_groups(layout.DEVIATIONS),
        assess=of_groups(layout.ASSESS),
        hosting=of_groups(layout.HOSTING),
        manifest=of_groups(layout.MANIFEST),
        scada=layout.SCADA,
        hourly=of_groups(layout.HOURLY),
        assets=layout.ASSETS,
        compliance=of_groups(layout.COMPLIANCE),
        lights=of_groups(layout.LIGHTS),
        curtailment=of_groups(layout.CURTAILMENT),
        measures=of_groups(layout.MEASURES),
        packages=of_groups(layout.PACKAGES),
        portfolio=border.asked(layout.PORTFOLIO),
    output:
        cube=solid(layout.CUBE),
    log:
        log_of("gather"),
    conda:
        ENV
    params:
        spec=border.spec("gather"),
        code=border.code("gather"),
    shell:
        job("gather")


rule write_site:
    input:
        cube=layout.CUBE,
        index=layout.FEEDERS,
        findings=layout.FINDINGS,
        conversion=layout.CONVERSION,
        meters=of_groups(layout.LINKED),
        series=layout.SERIES,
        links=layout.LINKS,
        feeder=of_groups(layout.FEEDER),
        powerflow=of_groups(layout.POWERFLOW),
        hourly=of_groups(layout.HOURLY),
        manifest=of_groups(layout.MANIFEST),
        hosting=of_groups(layout.HOSTING),
        devices=of_groups(layout.DEVICES),
        kept=of_groups(layout.KEPT),
        deviations=of_groups(layout.DEVIATIONS),
        outages=layout.OUTAGES,
        assets=layout.ASSETS,
        compliance=of_groups(layout.COMPLIANCE),
        lights=of_groups(layout.LIGHTS),
        curtailment=of_groups(layout.CURTAILMENT),
        swept=of_groups(layout.SWEPT),
        hosted=of_groups(layout.HOSTED),
        learning=border.asked(layout.LEARNING),
        measures=of_groups(layout.MEASURES),
        packages=of_groups(layout.PACKAGES),
        portfolio=border.asked(layout.PORTFOLIO),
        proposal=border.asked(layout.PROPOSAL),
    output:
        site=directory(layout.SITE),
    log:
        log_of("write_site"),
    conda:
        ENV
    params:
        spec=border.spec("write_site"),
        code=border.code("write_site"),
    shell:
        job("write_site")


rule build_site:
    input:
        site=layout.SITE,
    output:
        www=directory(layout.WWW),
    log:
        log_of("build_site"),
    conda:
        ENV
    params:
        spec=border.spec("build_site"),
        code=border.code("build_site"),
    shell:
        job("build_site")


rule publish_site:
    input:
        index=layout.FEEDERS,
        outages=layout.OUTAGES,
        steps=layout.STEPS,
        served=layout.SERVED,
        feeder=of_groups(layout.FEEDER),
        powerflow=of_groups(layout.POWERFLOW),
        hourly=of_groups(layout.HOURLY),
        assess=of_groups(layout.ASSESS),
        manifest=of_groups(layout.MANIFEST),
        hosting=of_groups(layout.HOSTING),
    output:
        public=directory(layout.PUBLIC),
    log:
        log_of("publish_site"),
    conda:
        ENV
    params:
        spec=border.spec("publish_site"),
        code=border.code("publish_site"),
    shell:
        job("publish_site")


rule gate:
    input:
        www=layout.WWW,
        public=border.asked(layout.PUBLIC),
    output:
        touch(layout.GATE),
    log:
        log_of("gate"),
    conda:
        ENV
    shell:
        "dtl gate {wildcards.study} &> {log}"
