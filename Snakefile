# From study.yaml to a report site. `dtl run STUDY` starts this; by hand: snakemake --config study=STUDY
# Every rule is one stage of dtl/workflow/stages.py and one `dtl job`; the store decides what is computed.
from dtl import layout
from dtl.workflow.border import Border

border = Border(config.get("study"))
if mistakes := border.check():
    raise WorkflowError(mistakes)

# A job's shell becomes the job, so that no shell outlives Snakemake and its job with it.
shell.prefix("set -euo pipefail; exec ")


wildcard_constraints:
    study="|".join(border.studies),
    source="[^/]+",
    group="[^/]+",


include: "rules/common.smk"
include: "rules/ingest.smk"
include: "rules/feeders.smk"
include: "rules/learning.smk"
include: "rules/report.smk"


localrules:
    all,
    learn,
    gather,
    write_site,
    build_site,
    gate,


rule all:
    default_target: True
    input:
        expand(layout.GATE, study=border.studies),
