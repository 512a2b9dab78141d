//! Renders every request that this crate can make, in every OFX version that has it, without sending anything.
//!
//! `cargo run --example render_requests -- DIR` writes one file for each, named `VERSION-operation.ofx`, ready for a validator, and a
//! table of them; without a folder, only the table. Identifiers, clock and credentials are invented and always the same.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing, reason = "examples print")]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "the examples share modules")]

mod common;
mod render;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use ofx_session::Version;
use ofx_session::ofx::{Document, Limits};
use render::scene::{File, Scene};
use render::{Case, Result};

/// Write every request in every OFX version that has it
#[derive(Parser)]
struct Arguments {
    /// Folder for the files, made when it is missing; without it they are written and thrown away
    dir: Option<PathBuf>,
}

/// What became of a case in the versions.
struct Row {
    name: String,
    rendered: Vec<Version>,
    /// The versions that do not have it, by what the crate says of that.
    lacking: BTreeMap<String, Vec<Version>>,
}

fn main() -> ExitCode {
    common::report(write(Arguments::parse().dir))
}

fn write(dir: Option<PathBuf>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let dir = dir.unwrap_or_else(|| folder.path().to_owned());
    fs::create_dir_all(&dir).map_err(|error| format!("cannot make {}: {error}", dir.display()))?;
    let mut rows = Vec::new();
    for (number, case) in (1..).zip(render::all()) {
        rows.push(run(&case, number, &dir)?);
    }
    table(&rows);
    Ok(())
}

/// Renders a case in every version. One that a version has and that cannot be rendered is an error, and so is the opposite.
fn run(case: &Case, number: u8, dir: &Path) -> Result<Row> {
    let mut row = Row { name: case.name.clone(), rendered: Vec::new(), lacking: BTreeMap::new() };
    for version in Version::ALL {
        let failed = |why: &dyn std::fmt::Display| format!("{} in {version}: {why}", case.name);
        match (case.render(&mut Scene::new(version, number)), (case.has)(version), case.left_out) {
            (Ok(file), true, tag) => {
                check(&file, version, tag, true).map_err(|why| failed(&why))?;
                let path = dir.join(format!("{version}-{}.ofx", case.name));
                fs::write(&path, &*file).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
                row.rendered.push(version);
            }
            (Err(why), true, _) => return Err(failed(&why).into()),
            (Err(why), false, None) => {
                let why = why.to_string().replace(&format!("OFX {version}"), "this version");
                row.lacking.entry(why).or_default().push(version);
            }
            (Ok(file), false, Some(tag)) => {
                check(&file, version, Some(tag), false).map_err(|why| failed(&why))?;
                row.lacking
                    .entry(format!("goes without {tag}, which this version does not know"))
                    .or_default()
                    .push(version);
            }
            (Ok(_), false, None) => return Err(failed(&"was written, and the version does not have it").into()),
            (Err(why), false, Some(_)) => return Err(failed(&why).into()),
        }
    }
    Ok(row)
}

/// What was written is a document of its version, with the tag or without.
fn check(file: &File, version: Version, tag: Option<&str>, has: bool) -> Result<()> {
    let document = Document::decode(file, &Limits::new())?;
    if document.header().version_number() != Some(version.number()) {
        return Err("the header names another version".into());
    }
    let found = tag.map(|tag| document.find(&format!("/OFX/SIGNONMSGSRQV1/SONRQ/{tag}")).is_some());
    if found.is_some_and(|found| found != has) {
        return Err("what the version says of the signon is not what was written".into());
    }
    Ok(())
}

fn table(rows: &[Row]) {
    println!("{:<34} {:>5}  versions", "operation", "files");
    for row in rows {
        println!("{:<34} {:>5}  {}", row.name, row.rendered.len(), list(&row.rendered));
    }
    println!("\nnot in every version");
    for row in rows {
        for (why, versions) in &row.lacking {
            println!("{:<34} {}\n{:<34}   {why}", row.name, list(versions), "");
        }
    }
    let files: usize = rows.iter().map(|row| row.rendered.len()).sum();
    println!("\n{} operations, {files} files", rows.len());
}

fn list(versions: &[Version]) -> String {
    if versions.len() == Version::ALL.len() {
        return "all".to_owned();
    }
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
