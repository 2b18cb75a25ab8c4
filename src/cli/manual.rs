//! Man pages and shell completions, generated from the `--help` of each tool.

use std::io;

use clap::{Command, builder::StyledStr};
use clap_complete::Shell;
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};

const EXIT_STATUS: [(&str, &str); 3] = [
    ("0", "The output is complete."),
    ("1", "Something is wrong with the data or the disk; stderr says what in one line."),
    ("2", "Something is wrong with the command line."),
];

/// The man page of a tool, in section 1.
pub fn page(command: Command) -> io::Result<Vec<u8>> {
    let text = |styled: Option<&StyledStr>| styled.map(ToString::to_string).unwrap_or_default();
    let help = text(command.get_after_help());
    // The first paragraph already stands in the section NAME.
    let about = text(command.get_long_about());
    let about = about.split_once("\n\n").map_or(about.clone(), |(_, rest)| rest.to_owned());
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    // The date is a space, because an empty one would be omitted and the next argument taken for it.
    let man =
        Man::new(command.override_usage(usage).long_about(about)).date(" ").manual("local-errors");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    exit_status().to_writer(&mut page)?;
    sections(&help).to_writer(&mut page)?;
    Ok(page)
}

/// The completion script of a tool for a shell.
#[must_use]
pub fn completions(shell: Shell, mut command: Command) -> Vec<u8> {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    script
}

fn exit_status() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in EXIT_STATUS {
        roff.control("TP", []).text([roman(status)]).text([roman(meaning)]);
    }
    roff
}

/// The text after the options as sections. Each paragraph `Title: text` becomes a section. If lines
/// follow below `Title:`, their line breaks are kept.
fn sections(help: &str) -> Roff {
    let mut roff = Roff::new();
    for (title, body) in help.split("\n\n").filter_map(|paragraph| paragraph.split_once(':')) {
        let title = if title == "Example" { "Examples" } else { title };
        roff.control("SH", [title.to_uppercase().as_str()]);
        if let Some(lines) = body.strip_prefix('\n') {
            roff.control("nf", []);
            for line in lines.lines() {
                roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
            }
            roff.control("fi", []);
        } else {
            roff.text([roman(body.trim())]);
        }
    }
    roff
}
