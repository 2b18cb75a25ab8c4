//! A linker's build id differs with every change anywhere in the package. Without it, and stripped, a
//! tool's bytes change only where code does: make knows by them what to run again.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-bins=-Wl,--build-id=none");
    }
}
