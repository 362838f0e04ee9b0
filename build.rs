//! New migrations, templates and texts must trigger a rebuild: the macros that embed them cannot see new files.

fn main() {
    for folder in ["migrations", "templates", "static", "schemes"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
