//! Writer and reader together, on a real folder and on failing disks.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::classify::{Network, Visitor};
use crate::domain::{Class, ClickId, ClickReason, LinkId};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn node() -> NodeName {
    NodeName::parse("n1").unwrap()
}

fn settings(root: &Path) -> SpoolSettings {
    SpoolSettings {
        sync_every: Duration::from_millis(1),
        ..SpoolSettings::new(root.to_owned(), node())
    }
}

fn click(n: u128) -> Record<'static> {
    Record::Click(ClickRecord {
        id: ClickId(Uuid::from_u128(n)),
        link: LinkId(7),
        class: Class::Human,
        reason: ClickReason::Person,
        visitor: Visitor::Cookie([1; 12]),
        issued: None,
        scan: false,
        network: Network::V4([203, 0, 113]),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        language: "de-DE,de",
        referrer_host: "example.org",
    })
}

fn number(step: &Step<'_>) -> u128 {
    match step {
        Step::Record(Record::Click(click)) => click.id.0.as_u128(),
        other => panic!("a click was expected, not {other:?}"),
    }
}

/// All clicks from the beginning, and all damage.
fn read_all(root: &Path) -> (Vec<u128>, Vec<Damage>) {
    let mut reader = Reader::new(root, node(), Position::default());
    let (mut clicks, mut damages) = (Vec::new(), Vec::new());
    loop {
        match reader.next_step().unwrap() {
            Step::Damage(damage) => damages.push(damage),
            Step::CaughtUp => return (clicks, damages),
            record @ Step::Record(_) => clicks.push(number(&record)),
        }
    }
}

#[test]
fn what_is_appended_is_read_back_in_order_from_any_position() {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::open(settings(dir.path()), at(100)).unwrap();
    let mut reader = Reader::new(dir.path(), node(), Position::default());
    assert_eq!(reader.next_step().unwrap(), Step::CaughtUp);
    let mut positions = Vec::new();
    for n in 0..100 {
        let _ = spool.append(&click(n)).unwrap();
        // A reader close behind the live writer sees each at once, and then waits.
        assert_eq!(number(&reader.next_step().unwrap()), n);
        assert_eq!(reader.next_step().unwrap(), Step::CaughtUp);
        positions.push(reader.position());
    }
    assert!(positions.is_sorted());
    for (n, position) in positions.iter().enumerate().take(99) {
        let mut again = Reader::new(dir.path(), node(), *position);
        assert_eq!(number(&again.next_step().unwrap()), n as u128 + 1);
    }
    assert_eq!(reader.behind().unwrap(), 0);
    assert_eq!(spool.counts().appended, 100);
    assert_eq!(spool.counts().missed, 0);
}

#[test]
fn eight_threads_append_and_every_record_is_there_once_over_many_segments() {
    let dir = tempfile::tempdir().unwrap();
    let small = SpoolSettings {
        segment_bytes: 20_000,
        ..settings(dir.path())
    };
    let spool = Spool::open(small, at(100)).unwrap();
    let mut reader = Reader::new(dir.path(), node(), Position::default());
    let mut seen = HashSet::new();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8u128)
            .map(|thread| {
                let spool = &spool;
                scope.spawn(move || {
                    for n in 0..500 {
                        let _ = spool.append(&click(thread * 1000 + n)).unwrap();
                    }
                })
            })
            .collect();
        // The reader runs beside the writers, over segments being finished and begun.
        while seen.len() < 4000 {
            match reader.next_step().unwrap() {
                Step::CaughtUp if writers.iter().all(std::thread::ScopedJoinHandle::is_finished) => {
                    if reader.behind().unwrap() == 0 {
                        break;
                    }
                }
                Step::CaughtUp => std::thread::yield_now(),
                step => assert!(seen.insert(number(&step)), "no record twice"),
            }
        }
    });
    assert_eq!(seen.len(), 4000);
    let many = segments(&settings(dir.path()).folder()).unwrap();
    assert!(many.len() > 10, "{many:?}");
    let current = reader.position().segment;
    assert_eq!(reader.remove_before(current).unwrap(), many.len() - 1);
    assert_eq!(segments(&settings(dir.path()).folder()).unwrap(), [current]);
    assert_eq!(reader.remove_before(u64::MAX).unwrap(), 0, "the last one stays");
}

#[test]
fn a_tail_torn_at_any_byte_is_recognised_and_never_appended_to() {
    let whole = tempfile::tempdir().unwrap();
    let spool = Spool::open(settings(whole.path()), at(100)).unwrap();
    let mut ends = Vec::new();
    let mut reader = Reader::new(whole.path(), node(), Position::default());
    for n in 0..3 {
        let _ = spool.append(&click(n)).unwrap();
        reader.next_step().unwrap();
        ends.push(reader.position().offset);
    }
    drop(spool);
    let bytes = std::fs::read(segment_path(&settings(whole.path()).folder(), 100)).unwrap();
    for cut in 0..=bytes.len() {
        let dir = tempfile::tempdir().unwrap();
        let folder = settings(dir.path()).folder();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(segment_path(&folder, 100), &bytes[..cut]).unwrap();
        let kept: Vec<u128> = (0..3)
            .filter(|n| ends[usize::try_from(*n).unwrap()] <= cut as u64)
            .collect();
        // While nobody writes on, it may be a live writer's end: wait.
        assert_eq!(read_all(dir.path()), (kept.clone(), vec![]), "cut at {cut}");
        // The process comes back: a new segment, the torn one untouched, everything whole read.
        let spool = Spool::open(settings(dir.path()), at(100)).unwrap();
        let _ = spool.append(&click(9)).unwrap();
        drop(spool);
        assert_eq!(std::fs::read(segment_path(&folder, 100)).unwrap(), &bytes[..cut]);
        let (clicks, damages) = read_all(dir.path());
        assert_eq!(clicks, [kept, vec![9]].concat(), "cut at {cut}");
        let last_end = ends.iter().copied().filter(|end| *end <= cut as u64).max();
        let torn = cut as u64 - last_end.unwrap_or(if cut >= HEADER { HEADER as u64 } else { 0 });
        let said: u64 = damages.iter().map(|damage| damage.bytes).sum();
        assert_eq!(said, torn, "cut at {cut}: {damages:?}");
        if cut >= HEADER {
            assert!(
                damages.iter().all(|damage| damage.kind == DamageKind::TornTail),
                "{damages:?}"
            );
        }
    }
}

#[test]
fn one_altered_byte_costs_one_record_and_is_said() {
    let whole = tempfile::tempdir().unwrap();
    let spool = Spool::open(settings(whole.path()), at(100)).unwrap();
    for n in 0..4 {
        let _ = spool.append(&click(n)).unwrap();
    }
    drop(spool);
    // A second start finishes the first segment.
    drop(Spool::open(settings(whole.path()), at(100)).unwrap());
    let path = segment_path(&settings(whole.path()).folder(), 100);
    let bytes = std::fs::read(&path).unwrap();
    let frame = (bytes.len() - HEADER) / 4;
    for place in HEADER..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 0x10;
        std::fs::write(&path, &altered).unwrap();
        let hit = (place - HEADER) / frame;
        let expected: Vec<u128> = (0..4).filter(|n| *n != hit as u128).collect();
        let (clicks, damages) = read_all(whole.path());
        assert_eq!(clicks, expected, "byte {place}");
        assert_eq!(damages.len(), 1, "byte {place}: {damages:?}");
        assert_eq!(damages[0].bytes, frame as u64);
        assert_eq!(damages[0].at.offset, (HEADER + hit * frame) as u64);
    }
    // A damaged header costs no record at all.
    let mut altered = bytes.clone();
    altered[0] ^= 1;
    std::fs::write(&path, &altered).unwrap();
    let (clicks, damages) = read_all(whole.path());
    assert_eq!(clicks, [0, 1, 2, 3]);
    assert_eq!(
        damages.iter().map(|damage| damage.bytes).sum::<u64>(),
        HEADER as u64
    );
}

#[test]
fn damage_before_the_live_end_is_passed_over_and_half_a_frame_at_it_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::open(settings(dir.path()), at(100)).unwrap();
    for n in 0..3 {
        let _ = spool.append(&click(n)).unwrap();
    }
    drop(spool);
    let path = segment_path(&settings(dir.path()).folder(), 100);
    let mut bytes = std::fs::read(&path).unwrap();
    let frame = (bytes.len() - HEADER) / 3;
    bytes[HEADER + 20] ^= 1;
    std::fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
    let mut reader = Reader::new(dir.path(), node(), Position::default());
    assert!(
        matches!(reader.next_step().unwrap(), Step::Damage(Damage { kind: DamageKind::Corrupt, bytes, .. })
        if bytes == frame as u64)
    );
    assert_eq!(number(&reader.next_step().unwrap()), 1);
    assert_eq!(reader.next_step().unwrap(), Step::CaughtUp);
    assert_eq!(reader.next_step().unwrap(), Step::CaughtUp);
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(number(&reader.next_step().unwrap()), 2);
}

#[test]
fn a_segment_of_a_newer_version_or_another_node_stops_the_reader() {
    let dir = tempfile::tempdir().unwrap();
    let folder = settings(dir.path()).folder();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        segment_path(&folder, 5),
        header(&NodeName::parse("n2").unwrap(), 5),
    )
    .unwrap();
    let mut reader = Reader::new(dir.path(), node(), Position::default());
    assert!(matches!(reader.next_step(), Err(ReadError::Foreign { .. })));
    let mut newer = header(&node(), 5);
    newer[8] = 9;
    let crc = crc32fast::hash(&newer[..36]);
    newer[36..].copy_from_slice(&crc.to_le_bytes());
    std::fs::write(segment_path(&folder, 5), newer).unwrap();
    assert!(matches!(
        reader.next_step(),
        Err(ReadError::Version { format: 9, .. })
    ));
}

#[test]
fn two_writers_on_one_folder_are_refused_until_the_first_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let first = Spool::open(settings(dir.path()), at(100)).unwrap();
    assert!(matches!(
        Spool::open(settings(dir.path()), at(100)),
        Err(OpenError::Locked(_))
    ));
    drop(first);
    drop(Spool::open(settings(dir.path()), at(100)).unwrap());
}

#[test]
fn numbers_never_come_again_even_when_the_folder_was_emptied() {
    let dir = tempfile::tempdir().unwrap();
    drop(Spool::open(settings(dir.path()), at(100)).unwrap());
    std::fs::remove_dir_all(settings(dir.path()).folder()).unwrap();
    let checkpoint = Position {
        segment: 100,
        offset: 5000,
    };
    let spool = Spool::open(settings(dir.path()), at(101)).unwrap();
    let _ = spool.append(&click(1)).unwrap();
    let mut reader = Reader::new(dir.path(), node(), checkpoint);
    assert_eq!(number(&reader.next_step().unwrap()), 1);
}

#[test]
fn beyond_its_total_size_the_spool_misses_and_counts_until_the_loader_made_room() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = SpoolSettings {
        segment_bytes: 2_000,
        total_bytes: 10_000,
        ..settings(dir.path())
    };
    let spool = Spool::open(tiny, at(100)).unwrap();
    let mut kept = 0;
    for n in 0..200 {
        kept += u64::from(spool.append(&click(n)).is_ok());
    }
    assert_eq!(spool.append(&click(0)), Err(Missed::Full));
    assert_eq!(spool.counts().appended, kept);
    assert_eq!(spool.counts().missed, 201 - kept);
    assert!(spool::folder_size(&settings(dir.path()).folder()) <= 10_000);
    let (clicks, _) = read_all(dir.path());
    assert_eq!(clicks.len() as u64, kept);
    Reader::new(dir.path(), node(), Position::default())
        .remove_before(u64::MAX)
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert!(spool.append(&click(777)).is_ok());
}

mod spool {
    pub fn folder_size(folder: &std::path::Path) -> u64 {
        super::super::segment::folder_bytes(folder).unwrap()
    }
}

#[test]
fn an_old_segment_is_finished_so_that_it_can_be_removed() {
    let dir = tempfile::tempdir().unwrap();
    let short = SpoolSettings {
        segment_age: Duration::from_millis(30),
        ..settings(dir.path())
    };
    let spool = Spool::open(short, at(100)).unwrap();
    let _ = spool.append(&click(1)).unwrap();
    std::thread::sleep(Duration::from_millis(60));
    let _ = spool.append(&click(2)).unwrap();
    std::thread::sleep(Duration::from_millis(60));
    assert!(segments(&settings(dir.path()).folder()).unwrap().len() > 1);
    assert_eq!(read_all(dir.path()).0, [1, 2]);
}

/// A disk with so many bytes of room, that tears the write that does not fit, and can fail its fsyncs.
#[derive(Clone)]
struct Faulty {
    room: Arc<AtomicI64>,
    syncs_fail: Arc<AtomicBool>,
}

impl Faulty {
    fn with_room(room: i64) -> Self {
        Self {
            room: Arc::new(AtomicI64::new(room)),
            syncs_fail: Arc::new(AtomicBool::new(false)),
        }
    }
}

struct FaultyFile(Faulty, Arc<dyn SegmentFile>);

impl Disk for Faulty {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn SegmentFile>> {
        Ok(Arc::new(FaultyFile(self.clone(), RealDisk.create(path)?)))
    }
}

impl SegmentFile for FaultyFile {
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let room = usize::try_from(self.0.room.load(Ordering::SeqCst)).unwrap_or(0);
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.1.write(&bytes[..bytes.len().min(room)])?;
        self.0
            .room
            .fetch_sub(i64::try_from(written).unwrap(), Ordering::SeqCst);
        Ok(written)
    }

    fn sync(&self) -> io::Result<()> {
        if self.0.syncs_fail.load(Ordering::SeqCst) {
            // Long enough for another record to come in meanwhile.
            std::thread::sleep(Duration::from_millis(60));
            Err(io::Error::other("EIO"))
        } else {
            self.1.sync()
        }
    }
}

#[test]
fn on_a_full_disk_clicks_are_missed_and_counted_and_go_on_in_a_new_segment_when_there_is_room() {
    for room in [0, 20].into_iter().chain((100..1200).step_by(7)) {
        let dir = tempfile::tempdir().unwrap();
        let disk = Faulty::with_room(room);
        let spool = Spool::open_on(Box::new(disk.clone()), settings(dir.path()), at(100)).unwrap();
        let kept: Vec<u128> = (0..12).filter(|n| spool.append(&click(*n)).is_ok()).collect();
        assert!(kept.len() < 12, "{room} bytes do not hold 12 records");
        assert_eq!(spool.append(&click(50)), Err(Missed::Disk));
        assert_eq!(spool.counts().missed, 13 - kept.len() as u64);
        assert_eq!(read_all(dir.path()).0, kept);
        if room % 50 == 2 {
            disk.room.store(100_000, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(260));
            assert!(spool.append(&click(99)).is_ok());
            assert_eq!(read_all(dir.path()).0, [kept, vec![99]].concat());
        }
    }
}

#[test]
fn on_a_full_disk_a_finished_segment_is_let_go_so_that_removing_it_gives_room() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Faulty::with_room(1 << 20);
    let spool = Spool::open_on(Box::new(disk.clone()), settings(dir.path()), at(100)).unwrap();
    let _ = spool.append(&click(1)).unwrap();
    // What was written is on the device: nothing is left to do for the syncer but to let the segment go.
    std::thread::sleep(Duration::from_millis(100));
    disk.room.store(0, Ordering::SeqCst);
    assert_eq!(spool.append(&click(2)), Err(Missed::Disk));
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(
        Arc::strong_count(&disk.room),
        3,
        "the test's disk, the spool's disk and the next segment, but not the finished one"
    );
}

#[tokio::test]
async fn in_strict_mode_an_append_is_durable_only_after_the_fsync_covering_it() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Faulty::with_room(1 << 30);
    let strict = SpoolSettings {
        durability: Durability::Strict,
        ..settings(dir.path())
    };
    let spool = Spool::open_on(Box::new(disk.clone()), strict, at(100)).unwrap();
    assert!(spool.is_strict());
    for n in 0..20 {
        let before = spool.counts().syncs;
        let appended = spool.append(&click(n)).unwrap();
        assert_eq!(spool.durable(appended).await, Ok(()));
        assert!(spool.counts().syncs > before);
    }
    disk.syncs_fail.store(true, Ordering::SeqCst);
    let appended = spool.append(&click(20)).unwrap();
    std::thread::sleep(Duration::from_millis(30));
    let meanwhile = spool.append(&click(21)).unwrap();
    assert_eq!(spool.durable(appended).await, Err(Missed::Disk));
    assert_eq!(
        spool.durable(meanwhile).await,
        Err(Missed::Disk),
        "it lies in the same file"
    );
    assert_eq!(spool.counts().missed, 2);
    disk.syncs_fail.store(false, Ordering::SeqCst);
    // The doubtful segment is left; the next record lies in another one.
    let appended = spool.append(&click(22)).unwrap();
    assert_eq!(spool.durable(appended).await, Ok(()));
    assert!(segments(&settings(dir.path()).folder()).unwrap().len() > 1);
}

#[test]
fn a_reader_at_the_heels_of_the_writer_never_takes_half_a_frame_for_damage() {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::open(settings(dir.path()), at(100)).unwrap();
    let mut reader = Reader::new(dir.path(), node(), Position::default());
    let mut next = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..20_000 {
                let _ = spool.append(&click(n)).unwrap();
            }
        });
        // No pause: the end of the file is met in mid-write again and again.
        while next < 20_000 {
            match reader.next_step().unwrap() {
                Step::CaughtUp => {}
                step => {
                    assert_eq!(number(&step), next);
                    next += 1;
                }
            }
        }
    });
}
