//! The `bole` command.

/// Redirect and loader allocate small things often; measured against the system's allocator in `cargo bench`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    bole::cli::main()
}
