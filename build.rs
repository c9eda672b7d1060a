//! Builds the program anew when a migration is added: the compiler by itself notices changed
//! migrations, not new ones.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
