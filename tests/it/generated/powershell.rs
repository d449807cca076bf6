//! Completion for PowerShell. One rule: what PowerShell would read as its own syntax, such as a
//! word that begins with `@`, is offered in quotes.

use super::{
    NOTICE, Value, classes, dash_options, file_options, off_words, on_words, servers, types,
    types_and_classes,
};

/// completions/_tdig.ps1
pub(super) fn script() -> String {
    let table = |name: &str, words: &[super::Word]| {
        let lines: String = words
            .iter()
            .map(|it| format!("        {} = {}\n", quoted(&it.text), quoted(&it.help)))
            .collect();
        format!("    ${name} = [ordered]@{{\n{lines}    }}\n")
    };
    let dash = dash_options();
    let dash_words: Vec<_> = dash.iter().flat_map(super::Dash::words).collect();
    let mut listed = String::new();
    let mut after = String::new();
    for option in &dash {
        if let (Value::OneOf(values), Some(long)) = (&option.value, &option.long) {
            let words: Vec<_> = values.iter().map(|it| format!("--{long}={it}")).collect();
            listed += &format!("        '^--{long}=' {{ {}; break }}\n", offer(&words));
        }
        let (Some(short), Some(action)) = (option.short, action(&option.value)) else { continue };
        after += &format!("                '-{short}' {{ {action} }}\n");
    }
    let files: Vec<_> = file_options().iter().map(|it| it.replace('+', "")).collect();
    let files = files.join("|");
    let tables =
        [table("on", &on_words()), table("off", &off_words()), table("dash", &dash_words)].concat();
    let servers = offer(&servers());
    let bare = offer(&types_and_classes());
    format!(
        r#"# PowerShell completion for tdig: {NOTICE}

Register-ArgumentCompleter -Native -CommandName 'tdig' -ScriptBlock {{
    param($wordToComplete, $commandAst, $cursorPosition)

{tables}
    $word = "$wordToComplete".Trim("'", '"')
    $before = @($commandAst.CommandElements |
        Where-Object {{ $_.Extent.EndOffset -lt $cursorPosition }} |
        ForEach-Object {{ "$_" }})
    $previous = if ($before.Count) {{ $before[-1] }} else {{ '' }}
    $found = [ordered]@{{}}
    $tables = @()

    switch -regex -casesensitive ($word) {{
        '^\+({files})' {{
            $option, $start = $word -split '=', 2
            foreach ($file in [System.Management.Automation.CompletionCompleters]::CompleteFilename($start)) {{
                $found["$option=" + $file.CompletionText.Trim("'", '"')] = $file.ToolTip
            }}
            break
        }}
{listed}        '^\+[^=]*=' {{ break }}
        '^\+n' {{ $tables = @($on, $off); break }}
        '^\+' {{ $tables = @($on); break }}
        '^-' {{ $tables = @($dash); break }}
        '^@' {{
            if (Test-Path '/etc/resolv.conf') {{
                foreach ($line in Get-Content '/etc/resolv.conf') {{
                    if ($line -match '^nameserver\s+(\S+)') {{ $found["@$($Matches[1])"] = 'System resolver' }}
                }}
            }}
            {servers}
            break
        }}
        default {{
            switch -casesensitive ($previous) {{
{after}                default {{ {bare} }}
            }}
        }}
    }}

    foreach ($table in $tables) {{
        foreach ($text in $table.Keys) {{ $found[$text] = $table[$text] }}
    }}
    foreach ($text in $found.Keys) {{
        if ($text.StartsWith($word, [System.StringComparison]::OrdinalIgnoreCase)) {{
            $typed = if ($text -match "[@#\s]") {{ "'" + $text + "'" }} else {{ $text }}
            [System.Management.Automation.CompletionResult]::new($typed, $text, 'ParameterValue', $found[$text])
        }}
    }}
}}
"#
    )
}

/// Words without a description describe themselves.
fn offer(words: &[impl AsRef<str>]) -> String {
    let words: Vec<_> = words.iter().map(|it| quoted(it.as_ref())).collect();
    format!("foreach ($it in {}) {{ $found[$it] = $it }}", words.join(", "))
}

/// What to do with the word after an option.
fn action(value: &Value) -> Option<String> {
    match value {
        Value::Nothing => None,
        // nothing of ours; PowerShell offers files by itself where nothing is found
        Value::Free | Value::File => Some(String::new()),
        Value::Type => Some(offer(&types())),
        Value::Class => Some(offer(&classes())),
        Value::OneOf(values) => Some(offer(values)),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// There is no PowerShell to ask on most machines, so this is what can be said without one.
#[test]
fn powershell_brackets_and_quotes_are_balanced() {
    let mut open = Vec::new();
    for (number, line) in script().lines().enumerate().filter(|(_, it)| !it.starts_with('#')) {
        let mut quote = None;
        for character in line.chars() {
            match (quote, character) {
                (Some(begun), _) if begun == character => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(character),
                (None, '(' | '[' | '{') => open.push(character),
                (None, ')' | ']' | '}') => {
                    let begun = open.pop();
                    let fits = matches!(
                        (begun, character),
                        (Some('('), ')') | (Some('['), ']') | (Some('{'), '}')
                    );
                    assert!(fits, "line {}: {character} closes {begun:?}", number + 1);
                }
                _ => {}
            }
        }
        assert_eq!(quote, None, "line {}: {line}", number + 1);
    }
    assert!(open.is_empty(), "{open:?} is left open");
}
