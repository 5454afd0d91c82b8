//! No half output: whoever reads sees what one run wrote, all of it, whenever another is killed.

use crate::support::binary::Workplace;
use std::{
    fs,
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Duration,
};

const ROWS: usize = 80_000;

/// Kills of runs that had begun to write, and runs after them that are not killed.
const KILLS: u64 = 12;
const WHOLE: usize = 8;

/// Two pipelines that write one output, and buy nothing.
fn place() -> Workplace {
    let place = Workplace::new();
    for version in ["a", "b"] {
        let mut leads = String::from("lead_id,name,version\n");
        for row in 0..ROWS {
            // Nothing that could be packed: a large file takes long to write.
            let noise =
                (row as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
            leads.push_str(&format!("{row},Ada {noise:032x},{version}\n"));
        }
        place.write(&format!("{version}.csv"), &leads);
        let text = format!(
            "version: 1
name: people
source: {{ csv: {version}.csv, key: [lead_id] }}
providers: {{ enrich: {{ use: enrich.so, plan: free, sandbox: true }} }}
enrich:
  - name: mail
    verify_email: {{ email: name }}
    when: version = 'c'
    output: {{ verdict: verdict }}
sink: {{ parquet: out/ }}
"
        );
        place.write(&format!("{version}.yaml"), &text);
    }
    place
}

fn hidden(out: &Path) -> Vec<String> {
    let entries = fs::read_dir(out).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with('.')).collect()
}

fn ids(place: &Workplace) -> Vec<String> {
    let rows = place.rows("out/people.parquet");
    let column = rows.column_by_name("lead_id").unwrap();
    let text = arrow::util::display::ArrayFormatter::try_new(column, &Default::default());
    let text = text.unwrap();
    (0..column.len()).map(|row| text.value(row).to_string()).collect()
}

#[test]
fn a_reader_sees_the_output_of_one_run_whenever_another_is_killed() {
    let place = place();
    let (out, file) = (place.path("out"), place.path("out/people.parquet"));
    let whole: Vec<Vec<u8>> = ["b.yaml", "a.yaml"]
        .into_iter()
        .map(|pipeline| {
            place.leadmill(&["run", pipeline]).expect(0);
            fs::read(&file).unwrap()
        })
        .collect();
    assert_ne!(whole[0], whole[1]);
    // Every row of the source, once, in its order.
    let expected: Vec<String> = (0..ROWS).map(|row| row.to_string()).collect();
    assert!(ids(&place) == expected);
    let (over, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let seen = fs::read(&file).unwrap();
                assert!(
                    whole.contains(&seen),
                    "{} bytes of {}",
                    seen.len(),
                    whole[0].len()
                );
                reads.fetch_add(1, Ordering::Relaxed);
            }
        });
        let (mut kills, mut runs) = (0, 0);
        while kills < KILLS && !reader.is_finished() {
            let mut command = place.command(&["run", ["b.yaml", "a.yaml"][runs % 2]]);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            runs += 1;
            let suffix = format!("-{}", child.id());
            while child.try_wait().unwrap().is_none() {
                if hidden(&out).iter().any(|name| name.ends_with(&suffix)) {
                    thread::sleep(Duration::from_millis(kills * 5));
                    child.kill().unwrap();
                    kills += u64::from(!child.wait().unwrap().success());
                    break;
                }
            }
            assert!(
                runs < 10 * KILLS as usize,
                "only {kills} of {runs} runs were killed"
            );
        }
        for run in 0..WHOLE {
            place.leadmill(&["run", ["b.yaml", "a.yaml"][run % 2]]).expect(0);
        }
        over.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    let reads = reads.into_inner();
    assert!(reads > KILLS, "it was read {reads} times only");
    assert!(fs::read(&file).unwrap() == whole[1]);
    assert!(ids(&place) == expected);
    // What the killed ones left is gone.
    assert_eq!(hidden(&out), [""; 0]);
}
