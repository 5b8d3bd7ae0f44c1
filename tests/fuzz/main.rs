//! The fuzz targets without a fuzzer: random inputs, and every input that is kept in `fuzz/`. With
//! `FUZZ_CORPUS=1` also those that a fuzzer has found so far, which are in `target/fuzz-corpus`.

use std::fs;
use std::path::{Path, PathBuf};

use usbd_acm_tests::hostile::{TARGETS, Target, encode, rude, seeds};
use usbd_acm_tests::{figures, soak};
use usbd_acm_virtual::host::SplitMix64;

/// The targets whose inputs are events.
const OF_EVENTS: [&str; 2] = ["control_pipe", "data_path"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(name)
}

/// The inputs that are kept for a target.
fn kept(name: &str, target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    inputs(&folder(name).join(target))
}

/// The inputs that a fuzzer has found for a target.
fn found(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    match std::env::var_os("FUZZ_CORPUS") {
        Some(value) if value != "0" => inputs(&folder("../target/fuzz-corpus").join(target)),
        _ => Vec::new(),
    }
}

fn inputs(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let read = |path: PathBuf| (path.clone(), fs::read(path).unwrap());
    files.map(|file| read(file.path())).collect()
}

#[test]
fn random_events_have_the_outcomes_of_the_model() {
    let mut random = SplitMix64::new(1);
    for _ in 0..2500 * soak(1000) {
        let kind = random.next_u64().to_le_bytes()[0];
        let input = [vec![kind], encode(&rude(&mut random, 300))].concat();
        for (name, target) in TARGETS {
            if OF_EVENTS.contains(&name) {
                target(&input);
            }
        }
    }
}

#[test]
fn random_bytes_are_survived_by_every_target() {
    let mut random = SplitMix64::new(2);
    for _ in 0..2000 * soak(1000) {
        let mut input = vec![0; random.below(600)];
        random.fill(&mut input);
        TARGETS.iter().for_each(|(_, target): &(_, Target)| target(&input));
    }
}

#[test]
fn every_input_that_is_kept_has_the_outcomes_of_the_model() {
    let mut count = 0;
    for (name, target) in TARGETS {
        let inputs = [kept("seeds", name), kept("regressions", name), found(name)];
        for (path, input) in inputs.into_iter().flatten() {
            println!("{name}: {}", path.file_name().unwrap().display());
            target(&input);
            count += 1;
        }
    }
    figures::record("fuzz-kept", &[("inputs", count)]);
    assert!(count >= 18);
}

/// With `WRITE_SEEDS=1` they are written anew.
#[test]
fn the_seeds_are_what_the_simulated_hosts_do() {
    for (name, input) in seeds() {
        for target in OF_EVENTS {
            let path = folder("seeds").join(target).join(&name);
            if std::env::var_os("WRITE_SEEDS").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &input).unwrap();
            }
            let is_same = fs::read(&path).is_ok_and(|kept| kept == input);
            assert!(is_same, "{name}: `WRITE_SEEDS=1 cargo test -p usbd-acm-tests --test fuzz`");
        }
    }
}
