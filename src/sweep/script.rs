//! Scripts that submit the shards of a plan to Slurm, GNU parallel or HyperQueue.

use std::fmt::Write as _;
use std::path::Path;

/// Program that a script is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Slurm: a job array.
    Slurm,
    /// GNU parallel, on one or several machines.
    Parallel,
    /// HyperQueue, with a task per shard.
    HyperQueue,
}

/// Command that a script runs.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// Path of the program that the script calls.
    pub program: &'a Path,
    /// Path of the plan.
    pub plan: &'a Path,
    /// Folder of results.
    pub folder: &'a Path,
    /// Count of shards.
    pub shards: u64,
    /// Flags to pass on.
    pub flags: &'a [String],
}

/// Returns a script.
pub fn script(engine: Engine, job: &Job<'_>) -> String {
    let name = job.plan.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    // Slurm and HyperQueue take names literally.
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    let last = job.shards - 1;
    let folder = quoted(&job.folder.display().to_string());
    let mut text = "#!/bin/bash\n".to_owned();
    match engine {
        Engine::Slurm => {
            let _ = writeln!(
                text,
                "# Submit with: sbatch THIS_FILE. To rerun one failed task: sbatch --array=3 THIS_FILE"
            );
            let _ = writeln!(
                text,
                "#SBATCH --job-name={name}\n#SBATCH --array=0-{last}\n#SBATCH --cpus-per-task=1"
            );
            let _ = writeln!(text, "{}", command(job, &format!("$SLURM_ARRAY_TASK_ID/{}", job.shards)));
        }
        Engine::Parallel => {
            let _ = writeln!(
                text,
                "# Run with: bash THIS_FILE. To rerun failed shards: add --resume-failed to the parallel \
                 command"
            );
            let command = command(job, &format!("{{}}/{}", job.shards));
            let _ = writeln!(text, "mkdir -p {folder}");
            let _ =
                writeln!(text, "seq 0 {last} | parallel --joblog {folder}/parallel.log {}", quoted(&command));
        }
        Engine::HyperQueue => {
            let _ = writeln!(
                text,
                "# Run with: bash THIS_FILE. To rerun one failed task: set --array 3 in the command"
            );
            let command = command(job, &format!("$HQ_TASK_ID/{}", job.shards));
            let submit = format!("hq submit --name {name} --array 0-{last} --cpus 1");
            let _ = writeln!(text, "{submit} -- bash -c {}", quoted(&command));
        }
    }
    text
}

/// Returns the command that runs a shard.
fn command(job: &Job<'_>, shard: &str) -> String {
    let [program, plan, folder] =
        [job.program, job.plan, job.folder].map(|path| quoted(&path.display().to_string()));
    let fixed = format!("{program} sweep {plan} -o {folder} --jobs 1 --shard {shard}");
    job.flags.iter().fold(fixed, |command, flag| command + " " + &quoted(flag))
}

/// Returns a word as the shell takes it literally.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=+,:@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(engine: Engine, folder: &str) -> String {
        let flags = ["--limit".to_owned(), "5".to_owned()];
        let job = Job {
            program: Path::new("/bin/spinntui"),
            plan: Path::new("/plans/my sweep.ron"),
            folder: Path::new(folder),
            shards: 64,
            flags: &flags,
        };
        script(engine, &job)
    }

    #[test]
    fn scripts_carry_the_count_of_shards() {
        let slurm = written(Engine::Slurm, "/out");
        assert!(
            slurm.contains("#SBATCH --array=0-63\n") && slurm.contains("--job-name=mysweep\n"),
            "{slurm}"
        );
        let command = "/bin/spinntui sweep '/plans/my sweep.ron' -o /out --jobs 1 --shard $SLURM_ARRAY_TASK_ID/64 --limit 5\n";
        assert!(slurm.ends_with(command), "{slurm}");
        let hq = written(Engine::HyperQueue, "/out");
        assert!(hq.contains("--array 0-63") && hq.contains("--shard $HQ_TASK_ID/64"), "{hq}");
        let parallel = written(Engine::Parallel, "/out");
        assert!(parallel.contains("seq 0 63 | parallel") && parallel.contains("--shard {}/64"), "{parallel}");
    }

    #[test]
    fn a_shell_reads_quoted_words_back() {
        for text in ["plain", "two words", "it's", "$HOME `x` \"y\" \\ *", ""] {
            let script = format!("printf %s {}", quoted(text));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }
}
