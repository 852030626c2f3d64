# The thin border to dtl.workflow: how a rule asks its stage, and which groups there are.

ENV = "../envs/dtl.yaml"


def job(stage, *flags):
    """The command of a stage; it is complete: copied from the log it gives the same bytes."""
    words = ["dtl job", stage, "--study {wildcards.study}", *flags]
    return " ".join(words) + " --spec {params.spec:q} --code {params.code} &> {log}"


def log_of(stage, of="study"):
    """The log of the jobs of a stage."""
    return f"{layout.LOGS}/{stage}/{of}.log"


def benchmark_of(stage, of):
    """The time and memory that the jobs of a stage took."""
    return f"{layout.BENCHMARKS}/{stage}/{of}.tsv"


def solid(path):
    """An output that is never empty."""
    return ensure(path, non_empty=True)


def feeder(wildcards):
    """The model of a group, which split_feeders finds."""
    folder = checkpoints.split_feeders.get(study=wildcards.study).output.feeders
    return f"{folder}/{wildcards.group}.json"


def given(suffix):
    """What is given for a group besides its network: the file of this suffix, which split_feeders writes."""

    def file(wildcards):
        folder = checkpoints.split_feeders.get(study=wildcards.study).output.given
        return f"{folder}/{wildcards.group}{suffix}"

    return file


def readings(wildcards):
    """The readings of a group, which split_readings finds."""
    folder = checkpoints.split_readings.get(study=wildcards.study).output.readings
    return f"{folder}/{wildcards.group}.parquet"


def of_groups(template):
    """The files of all groups that can be solved, by the template of one.

    All that groups start from is waited for first: Snakemake makes its graph anew after each checkpoint.
    """

    def files(wildcards):
        checkpoints.split_readings.get(study=wildcards.study)
        index = checkpoints.split_feeders.get(study=wildcards.study).output.index
        return border.groups(wildcards.study, index, template)

    return files
