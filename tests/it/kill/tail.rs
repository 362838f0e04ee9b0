//! A torn or damaged end of the spool, made by hand between two lives of the server.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use super::books::{balanced, settled};
use super::{LOADED, SHOP};
use crate::support::load::{Load, Told};
use crate::support::scene::Scene;
use crate::support::server::Server;

/// What happens to the last segment while the server is dead.
#[derive(Clone, Copy, Debug)]
enum Harm {
    /// Half a record behind the last whole one: the process died in `write()`.
    HalfRecord,
    /// The last bytes are gone: power loss.
    CutOff,
    /// The last bytes are others: a disk's fault.
    Garbled,
    /// Zeros behind the end: a file system after power loss.
    Zeros,
}

fn last_segment(server: &Server) -> PathBuf {
    let mut segments: Vec<PathBuf> = walk(&server.data_dir.join("spool"));
    segments.retain(|path| path.extension().is_some_and(|e| e == "seg"));
    segments.sort();
    segments.pop().expect("a segment of the spool")
}

fn walk(folder: &PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let paths = entries.map(|e| e.expect("an entry").path());
    paths
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}

fn harm(server: &Server, harm: Harm) {
    let path = last_segment(server);
    let bytes = fs::read(&path).expect("the segment");
    let append = |more: &[u8]| {
        let mut file = File::options().append(true).open(&path).expect("the segment");
        file.write_all(more).expect("more bytes");
    };
    match harm {
        // A length of 200 and the beginning of something.
        Harm::HalfRecord => append(&[200, 0, 0, 0, 1, 2, 3, 4, 1, 1, 1]),
        Harm::Zeros => append(&[0; 4096]),
        Harm::CutOff => {
            let file = File::options().write(true).open(&path).expect("the segment");
            file.set_len(bytes.len() as u64 - 5).expect("a shorter segment");
        }
        Harm::Garbled => {
            let mut bytes = bytes;
            let from = bytes.len() - 5;
            bytes[from..].iter_mut().for_each(|byte| *byte ^= 0x5a);
            fs::write(&path, bytes).expect("the segment");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_harmed_tail_when_started_again_then_all_other_clicks_are_there_once_and_new_ones_join() {
    let mut server = Server::with(&LOADED).await;
    let scene = Scene::lay(&server, 3, SHOP).await;
    let mut told = Told::default();
    let mut cut = 0;
    for kind in [Harm::HalfRecord, Harm::CutOff, Harm::Zeros, Harm::Garbled] {
        let load = Load::start(&server.base, &scene.codes, 4);
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.kill();
        told.add(load.stop().await);
        harm(&server, kind);
        // Five bytes belong to one record; whether it was stored before is the loader's luck.
        cut += usize::from(matches!(kind, Harm::CutOff | Harm::Garbled));
        server.restart().await;
        let load = Load::start(&server.base, &scene.codes, 2);
        tokio::time::sleep(Duration::from_millis(100)).await;
        told.add(load.stop().await);
        settled(&scene, told.clicks.len() - cut, Duration::from_secs(60)).await;
        let (rows, lost) = balanced(&scene, &told, cut).await;
        println!(
            "{kind:?}: {} answered, {rows} rows, {lost} of at most {cut} cut off by hand",
            told.clicks.len()
        );
    }
}
