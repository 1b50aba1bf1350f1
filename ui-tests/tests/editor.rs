//! What an editor offers in a half-typed description: rust-analyzer itself is asked, over its protocol. Without the component
//! (`rustup component add rust-analyzer`) the test says so and passes; `undertone-macros` tests the expansion by itself.
#![allow(missing_docs)]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Stages, with the cursor as `|`, and what has to be among the offers.
const CASES: &[(&str, &[&str])] = &[
    ("image -> Conv|", &["Conv2d", "Conv1d"]),
    ("image -> |", &["Conv2d", "Relu", "Linear"]),
    ("image -> Relu -> | -> Relu", &["Conv2d"]),
    ("image -> conv: |", &["Conv2d"]),
    ("image -> undertone::layers::|", &["Conv2d", "Relu"]),
    ("image -> Conv2d { | }", &["out", "kernel", "padding"]),
    ("image -> Conv2d { ou| }", &["out", "kernel"]),
    ("image -> Conv2d { out: 6, | } -> Relu", &["kernel", "padding"]),
    ("image -> Conv2d { out: | }", &["width", "WIDTH"]),
    ("image -> Block { | }", &["depth"]),
    ("image -> for out in [4, 8] { Conv2d { out, ker| } }", &["kernel"]),
    ("image -> for size in [4, 8] { Linear { out: si| } }", &["size"]),
    ("let hidden = image -> Relu;\n(hid|, image) -> Add", &["hidden", "image"]),
    ("let a = image -> Conv|;", &["Conv2d"]),
    ("let a = image => Relu\nlet b image -> Linear(3);\na -> Conv2d { ker| } ->", &["kernel"]),
];

#[test]
fn layers_fields_and_values_are_offered() {
    let Some(mut editor) = Editor::start() else {
        eprintln!("skipped: there is no rust-analyzer here; `rustup component add rust-analyzer` installs it");
        return;
    };
    for (half, expected) in CASES {
        let offers = editor.complete(half);
        for name in *expected {
            assert!(offers.iter().any(|o| o == name), "{half}: `{name}` is not among {offers:?}");
        }
    }
    let fields = editor.complete("image -> Conv2d { out: 6, | }");
    assert!(!fields.iter().any(|f| f == "out"), "a field that is given is offered again: {fields:?}");
    assert_eq!(fields.len(), 6, "only fields stand there: {fields:?}");
}

/// A description around half-typed stages.
fn around(stages: &str) -> String {
    format!(
        "use undertone::prelude::*;\n\nconst WIDTH: usize = 4;\n\n\
         secure_model! {{\n    pub model Block {{ depth: usize = 1 }} (x) {{ x -> Linear {{ out: depth }} }}\n}}\n\n\
         secure_model! {{\n    pub model Net {{ width: usize }} (image: [1, 28, 28]) -> [10] {{\n{stages}\n}}\n}}\n\nfn main() {{}}\n"
    )
}

/// A running rust-analyzer with one open file.
struct Editor {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    file: String,
    version: usize,
    asked: usize,
}

impl Editor {
    fn start() -> Option<Self> {
        let works = Command::new("rust-analyzer").arg("--version").output().is_ok_and(|o| o.status.success());
        let folder = works.then(project)?;
        let mut child = Command::new("rust-analyzer")
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("rust-analyzer starts");
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        watch(child.id());
        let file = format!("file://{}", folder.join("main.rs").display());
        let mut editor = Self { child, to, from, file, version: 1, asked: 0 };
        let settings = json!({
            "checkOnSave": false, "cachePriming": { "enable": false }, "procMacro": { "enable": true },
            "linkedProjects": [folder.join("rust-project.json")],
        });
        let able = json!({ "experimental": { "serverStatusNotification": true } });
        let root = format!("file://{}", folder.display());
        editor.ask("initialize", &json!({ "processId": null, "rootUri": root, "capabilities": able, "initializationOptions": settings }));
        editor.send(&json!({ "method": "initialized", "params": {} }));
        let document = json!({ "uri": editor.file, "languageId": "rust", "version": 1, "text": "fn main() {}" });
        editor.send(&json!({ "method": "textDocument/didOpen", "params": { "textDocument": document } }));
        while editor.receive()["params"]["quiescent"] != true {}
        Some(editor)
    }

    /// The names that are offered at the cursor.
    fn complete(&mut self, half: &str) -> Vec<String> {
        let text = around(half);
        let before = text.split('|').next().unwrap();
        let (line, column) = (before.matches('\n').count(), before.len() - before.rfind('\n').map_or(0, |at| at + 1));
        self.version += 1;
        let document = json!({ "uri": self.file, "version": self.version });
        let change = json!({ "textDocument": document, "contentChanges": [{ "text": text.replacen('|', "", 1) }] });
        self.send(&json!({ "method": "textDocument/didChange", "params": change }));
        let place = json!({ "textDocument": { "uri": self.file }, "position": { "line": line, "character": column } });
        let answer = self.ask("textDocument/completion", &place);
        let items = answer["items"].as_array().or(answer.as_array()).cloned().unwrap_or_default();
        // the label may go on with the type
        let name =
            |item: &Value| item["label"].as_str().unwrap_or_default().split([' ', '(', ':', '…']).next().unwrap_or_default().to_owned();
        items.iter().map(name).collect()
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        self.send(&json!({ "id": self.asked, "method": method, "params": params }));
        loop {
            let mut message = self.receive();
            if message["id"] == self.asked && message["method"].is_null() {
                return message["result"].take();
            }
        }
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.to.flush().unwrap();
    }

    /// The next message; requests to the editor are answered with nothing.
    fn receive(&mut self) -> Value {
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "rust-analyzer ended, perhaps because it took too long");
            if let Some(number) = line.strip_prefix("Content-Length: ") {
                length = number.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut text = vec![0; length];
        self.from.read_exact(&mut text).unwrap();
        let message: Value = serde_json::from_slice(&text).unwrap();
        if !message["id"].is_null() && !message["method"].is_null() {
            self.send(&json!({ "id": message["id"], "result": null }));
        }
        message
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ends a rust-analyzer that hangs: reading its answers then fails.
fn watch(id: u32) {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_mins(4));
        let _ = Command::new("kill").arg(id.to_string()).status();
    });
}

/// A project of the crates that a description needs, with the macro as this test was built with it.
fn project() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("editor");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("main.rs"), "fn main() {}").unwrap();
    let entry = |name: &str, root: PathBuf, uses: &[(usize, &str)]| {
        let uses: Vec<Value> = uses.iter().map(|(i, name)| json!({ "crate": i, "name": name })).collect();
        json!({ "display_name": name, "root_module": root, "edition": "2024", "deps": uses, "cfg": [] })
    };
    let mut macros = entry("undertone_macros", root.join("dsl-macros/src/lib.rs"), &[]);
    macros["is_proc_macro"] = json!(true);
    macros["proc_macro_dylib_path"] = json!(library());
    let crates = [
        entry("undertone_shape", root.join("dsl-runtime/shape/src/lib.rs"), &[]),
        entry("undertone_runtime", root.join("dsl-runtime/src/lib.rs"), &[(0, "undertone_shape")]),
        entry("undertone_layers", root.join("stdlib-layers/src/lib.rs"), &[(0, "undertone_shape"), (1, "undertone_runtime")]),
        macros,
        entry("undertone", root.join("src/lib.rs"), &[(1, "undertone_runtime"), (2, "undertone_layers"), (3, "undertone_macros")]),
        entry("net", folder.join("main.rs"), &[(4, "undertone")]),
    ];
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap().stdout;
    let project = json!({ "sysroot": String::from_utf8(sysroot).unwrap().trim(), "crates": crates });
    std::fs::write(folder.join("rust-project.json"), project.to_string()).unwrap();
    folder
}

/// The newest build of the macro, which stands beside this test.
fn library() -> PathBuf {
    let beside = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let files = std::fs::read_dir(beside).unwrap().map(|entry| entry.unwrap().path());
    let ours = files.filter(|f| {
        let name = f.file_name().unwrap_or_default().to_string_lossy();
        name.contains("undertone_macros-") && name.ends_with(std::env::consts::DLL_SUFFIX)
    });
    ours.max_by_key(|f| f.metadata().and_then(|m| m.modified()).ok()).expect("the macro is built before its tests")
}
