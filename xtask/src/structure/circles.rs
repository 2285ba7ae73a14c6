//! Circular imports: files that need each other, directly or through others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use crate::structure::modules::{Modules, Sources};

/// From file to file, with what ties them: the path that is written there and its line.
type Graph<'a> = BTreeMap<&'a str, BTreeMap<&'a str, (String, usize)>>;

/// Every circle of a crate, as a message that names its files and what ties each to the next. Of files that form several
/// circles together, the shortest is named.
#[must_use]
pub fn circles(sources: &Sources, root: &str) -> Vec<String> {
    let modules = Modules::read(sources, root);
    let mut graph = Graph::new();
    for (from, to, path, line) in modules.uses() {
        graph.entry(from).or_default().entry(to).or_insert((path, line));
    }
    let mut reported = BTreeSet::new();
    let mut messages = Vec::new();
    for file in graph.keys() {
        let together = reachable_both_ways(&graph, file);
        if together.is_empty() || reported.contains(file) {
            continue;
        }
        let shortest = together.iter().filter_map(|file| way_back(&graph, file)).min_by_key(Vec::len);
        messages.extend(shortest.map(|circle| message(&graph, &circle, together.len())));
        reported.extend(together);
    }
    messages
}

/// The files that need `file` and that it needs; itself among them when there are any.
fn reachable_both_ways<'a>(graph: &Graph<'a>, file: &'a str) -> BTreeSet<&'a str> {
    let from = reachable(graph, file);
    from.iter().copied().filter(|other| reachable(graph, other).contains(file)).collect()
}

fn reachable<'a>(graph: &Graph<'a>, file: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(file) = open.pop() {
        for next in graph.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(*next) {
                open.push(next);
            }
        }
    }
    reached
}

/// The shortest way from a file back to itself, with it at both ends.
fn way_back<'a>(graph: &Graph<'a>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(file) = open.pop_front() {
        for next in graph.get(file).into_iter().flat_map(BTreeMap::keys) {
            if *next == start {
                let mut way = vec![start, file];
                while let Some(before) = came_from.get(way.last()?).filter(|_| way.last() != Some(&start)) {
                    way.push(before);
                }
                if way.last() != Some(&start) {
                    way.push(start);
                }
                way.dedup();
                way.reverse();
                return Some(way);
            }
            if !came_from.contains_key(next) {
                came_from.insert(next, file);
                open.push_back(next);
            }
        }
    }
    None
}

fn message(graph: &Graph<'_>, circle: &[&str], files: usize) -> String {
    let mut text = String::from("circular import:");
    for pair in circle.windows(2) {
        if let [from, to] = pair
            && let Some((path, line)) = graph.get(from).and_then(|uses| uses.get(to))
        {
            let _ = write!(text, "\n    {from}:{line} names {path}, which is in {to}");
        }
    }
    let others = files + 1 - circle.len();
    if others > 0 {
        let _ = write!(text, "\n    ({others} more files are tied to these in circles)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Sources =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        circles(&sources, "src/lib.rs")
    }

    #[test]
    fn two_files_that_name_each_other_are_a_circle_with_what_ties_them() {
        let files = [
            ("src/lib.rs", "mod give; mod reduce;"),
            ("src/give.rs", "\nuse crate::reduce::Section;\npub struct Trimmer;"),
            ("src/reduce.rs", "pub struct Section; fn f() { crate::give::Trimmer; }"),
        ];
        assert_eq!(
            check(&files),
            ["circular import:\n    src/give.rs:2 names crate::reduce::Section, which is in src/reduce.rs\
              \n    src/reduce.rs:1 names crate::give::Trimmer, which is in src/give.rs"]
        );
    }

    #[test]
    fn a_circle_through_a_third_file_is_found_whole() {
        let files = [
            ("src/lib.rs", "mod a; mod b; mod c;"),
            ("src/a.rs", "use crate::b::B;"),
            ("src/b.rs", "use super::c::{self, C}; pub struct B;"),
            ("src/c.rs", "pub struct C; fn f() { crate::a::f() }"),
        ];
        let messages = check(&files);
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert_eq!(messages[0].lines().count(), 4, "{messages:?}");
    }

    #[test]
    fn what_a_folder_gives_on_counts_for_the_file_that_defines_it() {
        let files = |b: &'static str| {
            [
                ("src/lib.rs", "mod f;"),
                ("src/f/mod.rs", "mod a; mod b; pub use a::A; pub use b::*;"),
                ("src/f/a.rs", "use super::B; pub struct A;"),
                ("src/f/b.rs", b),
            ]
        };
        assert_eq!(check(&files("pub struct B;")), [""; 0]);
        let messages = check(&files("pub struct B; type T = crate::f::A;"));
        assert_eq!(messages.len(), 1);
        assert!(
            messages[0].contains("src/f/b.rs:1 names crate::f::A, which is in src/f/a.rs"),
            "{messages:?}"
        );
    }

    #[test]
    fn a_file_may_name_the_modules_that_it_stands_in_and_tests_may_name_anything() {
        let files = [
            ("src/lib.rs", "mod f; mod g;"),
            ("src/f.rs", "mod a; fn f() { a::f() } pub struct F;"),
            ("src/f/a.rs", "use super::F; pub fn f() {}"),
            (
                "src/g.rs",
                "pub struct G; #[cfg(test)] use crate::h::H;
                 #[cfg(test)] mod tests { use crate::f::F; }
                 #[cfg(test)] #[path = \"g_tests.rs\"] mod more; mod inner { pub struct I; }",
            ),
            ("src/g_tests.rs", "use crate::f::F;"),
            ("src/f/b.rs", "nobody declares this file; use crate::g::G;"),
        ];
        assert_eq!(check(&files), [""; 0]);
    }

    #[test]
    fn a_path_inside_of_a_macro_and_one_behind_an_alias_count() {
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "use crate::b as other; pub fn f() { format!(\"{}\", other::g()) }"),
            ("src/b.rs", "pub fn g() { vec![crate::a::f()]; }"),
        ];
        assert_eq!(check(&files).len(), 1);
    }
}
