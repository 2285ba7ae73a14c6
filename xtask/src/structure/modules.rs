//! The modules of a crate as its files declare them, what each of them names, and where a path leads.

use std::collections::{BTreeMap, BTreeSet};

use crate::structure::lexer::Token;
use crate::structure::scan::{Scanned, scan};

/// Source files by their path, such as `core/src/gate/mod.rs`.
pub type Sources = BTreeMap<String, String>;

/// One module, which is a file or stands inside one.
#[derive(Debug, Default)]
pub struct Module {
    /// The file that it stands in.
    pub file: String,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    /// `use a::b as c`: `c` and where it leads from here.
    imports: BTreeMap<String, Vec<String>>,
    /// `use a::*`
    globs: Vec<Vec<String>>,
    items: BTreeSet<String>,
    /// Every path with its line, those of `use` among them.
    paths: Vec<(Vec<String>, usize)>,
}

/// All modules of one crate; the first is its root.
#[derive(Debug, Default)]
pub struct Modules(Vec<Module>);

/// Stops at imports that lead to each other.
const FARTHEST: usize = 16;

impl Modules {
    /// Reads a crate from its root file on. Modules under `#[cfg(test)]` are left out.
    #[must_use]
    pub fn read(sources: &Sources, root: &str) -> Self {
        let mut modules = Self::default();
        modules.read_file(sources, root, None, &folder_of(root));
        modules
    }

    fn read_file(&mut self, sources: &Sources, file: &str, parent: Option<usize>, folder: &str) -> usize {
        let text = sources.get(file).map_or("", String::as_str);
        let tokens = crate::structure::lexer::tokens(text);
        self.read_module(sources, &tokens, file, parent, folder)
    }

    /// `folder`: where the files of its child modules are.
    fn read_module(
        &mut self,
        sources: &Sources,
        tokens: &[Token<'_>],
        file: &str,
        parent: Option<usize>,
        folder: &str,
    ) -> usize {
        let Scanned { imports, globs, items, paths, inline, files } = scan(tokens);
        let index = self.0.len();
        self.0.push(Module {
            file: file.to_owned(),
            parent,
            imports,
            globs,
            items,
            paths,
            ..Module::default()
        });
        for (name, inner) in inline {
            let child = self.read_module(sources, inner, file, Some(index), &format!("{folder}/{name}"));
            self.0[index].children.insert(name.to_owned(), child);
        }
        for (name, path) in files {
            // Where `#[path]` counts from is the file's own folder.
            let named = path.map(|path| format!("{}/{path}", parent_folder(file)));
            let candidates =
                named.into_iter().chain([format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")]);
            let Some(child_file) = candidates.into_iter().find(|path| sources.contains_key(path)) else {
                continue;
            };
            let child = self.read_file(sources, &child_file, Some(index), &folder_of(&child_file));
            self.0[index].children.insert(name.to_owned(), child);
        }
        index
    }

    /// Every use of another file: from, to, the path that is written there, and its line. What leads to a module that the
    /// file stands in is left out.
    #[must_use]
    pub fn uses(&self) -> Vec<(&str, &str, String, usize)> {
        let mut uses = Vec::new();
        for (index, module) in self.0.iter().enumerate() {
            for (path, line) in &module.paths {
                let Some(target) = self.resolve(index, path, 0) else { continue };
                let (from, to) = (module.file.as_str(), self.0[target].file.as_str());
                if from != to && !self.ancestor_files(index).any(|file| file == to) {
                    uses.push((from, to, path.join("::"), *line));
                }
            }
        }
        uses
    }

    fn ancestor_files(&self, index: usize) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(index), |index| self.0[*index].parent)
            .map(|index| self.0[index].file.as_str())
    }

    /// The module that defines what a path written in module `from` leads to; None outside of the crate.
    fn resolve(&self, from: usize, path: &[String], depth: usize) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.descend(0, rest, depth),
            "self" => self.descend(from, rest, depth),
            "super" => self.descend(self.0[from].parent?, rest, depth),
            name => {
                let module = &self.0[from];
                if let Some(child) = module.children.get(name) {
                    return self.descend(*child, rest, depth);
                }
                let import = module.imports.get(name).filter(|import| import.as_slice() != path)?;
                self.follow(from, import, rest, depth)
            }
        }
    }

    /// Goes on from module `at` with the rest of a path.
    fn descend(&self, at: usize, rest: &[String], depth: usize) -> Option<usize> {
        if depth > FARTHEST {
            return None;
        }
        let Some((name, after)) = rest.split_first() else { return Some(at) };
        let module = &self.0[at];
        if name == "super" {
            return self.descend(module.parent?, after, depth + 1);
        }
        if let Some(child) = module.children.get(name) {
            return self.descend(*child, after, depth + 1);
        }
        if module.items.contains(name) {
            return Some(at);
        }
        if let Some(import) = module.imports.get(name) {
            return self.follow(at, import, after, depth);
        }
        let through_glob = module.globs.iter().find_map(|glob| {
            let target = self.resolve(at, glob, depth + 1).filter(|target| *target != at)?;
            self.defines(target, name, depth).then(|| self.descend(target, rest, depth + 1))?
        });
        // A name without a definition comes from a macro in this module.
        through_glob.or(Some(at))
    }

    fn follow(&self, from: usize, import: &[String], rest: &[String], depth: usize) -> Option<usize> {
        if depth > FARTHEST {
            return None;
        }
        let whole: Vec<String> = import.iter().chain(rest).cloned().collect();
        self.resolve(from, &whole, depth + 1)
    }

    fn defines(&self, at: usize, name: &str, depth: usize) -> bool {
        let module = &self.0[at];
        module.items.contains(name)
            || module.children.contains_key(name)
            || module.imports.contains_key(name)
            || (depth < FARTHEST
                && module.globs.iter().any(|glob| {
                    self.resolve(at, glob, depth + 1)
                        .is_some_and(|target| target != at && self.defines(target, name, depth + 1))
                }))
    }
}

/// Where the child modules of a file are: beside `lib.rs`, `main.rs` and `mod.rs`, else in a folder of the file's name.
fn folder_of(file: &str) -> String {
    let folder = parent_folder(file);
    match file.rsplit('/').next().and_then(|name| name.strip_suffix(".rs")) {
        Some("lib" | "main" | "mod") | None => folder.to_owned(),
        Some(name) => format!("{folder}/{name}"),
    }
}

fn parent_folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}
