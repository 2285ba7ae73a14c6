//! Which route a method and a path are for.

use super::row::{Method, Route, parameter};

/// What the table says about a method and a path.
#[derive(Debug)]
pub enum Matched {
    /// This route, with the values of its path's parameters.
    Route(&'static Route, Params),
    /// The path exists with other methods, given as the `Allow` header has them.
    MethodNotAllowed(String),
    /// No route has this path.
    NotFound,
}

/// The values of a path's parameters as they stand in the path: nothing is decoded, and none is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(&'static str, String)>);

impl Params {
    /// The value of `{name}`; empty when the route has no such parameter.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// Finds the route of a method and a path among `routes`. A path without parameters goes before one with.
pub(super) fn find_in(
    routes: impl Iterator<Item = &'static Route> + Clone,
    method: &str,
    path: &str,
) -> Matched {
    let exact = routes.clone().any(|route| route.path == path);
    let mut allowed: Vec<&str> = Vec::new();
    for route in routes {
        let params = if exact { (route.path == path).then(Params::default) } else { bind(route.path, path) };
        match params {
            Some(params) if route.method.takes(method) => return Matched::Route(route, params),
            Some(_) => {
                allowed.push(route.method.as_str());
                if route.method == Method::Get {
                    allowed.push("HEAD");
                }
            }
            None => {}
        }
    }
    if allowed.is_empty() { Matched::NotFound } else { Matched::MethodNotAllowed(allowed.join(", ")) }
}

/// The parameters' values when the path has the pattern's form.
fn bind(pattern: &'static str, path: &str) -> Option<Params> {
    let mut values = Vec::new();
    let mut segments = path.split('/');
    for wanted in pattern.split('/') {
        let segment = segments.next()?;
        match parameter(wanted) {
            Some(name) if !segment.is_empty() => values.push((name, segment.to_owned())),
            None if wanted == segment => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(Params(values))
}

#[cfg(test)]
mod tests {
    use super::super::row::OPEN;
    use super::*;

    const fn at(path: &'static str, method: Method) -> Route {
        Route { path, method, ..OPEN }
    }

    #[test]
    fn a_segment_in_braces_takes_any_text_but_none_and_an_exact_path_goes_first() {
        static TABLE: &[Route] = &[
            at("/orders/{order_id}", Method::Get),
            at("/orders/{order_id}/lines/{line}", Method::Get),
            at("/orders/open", Method::Post),
        ];
        let values = |path: &str| match find_in(TABLE.iter(), "GET", path) {
            Matched::Route(route, params) => {
                Some(route.parameters().map(|name| params.get(name).to_owned()).collect::<Vec<_>>())
            }
            _ => None,
        };
        assert_eq!(values("/orders/GH1"), Some(vec!["GH1".to_owned()]));
        assert_eq!(values("/orders/GH%201/lines/2"), Some(vec!["GH%201".to_owned(), "2".to_owned()]));
        for other in ["/orders", "/orders/", "/orders//lines/2", "/orders/GH1/", "/orders/GH1/lines/2/3"] {
            assert!(matches!(find_in(TABLE.iter(), "GET", other), Matched::NotFound), "{other}");
        }
        assert!(
            matches!(find_in(TABLE.iter(), "GET", "/orders/open"), Matched::MethodNotAllowed(allow) if allow == "POST")
        );
        assert!(
            matches!(find_in(TABLE.iter(), "POST", "/orders/GH1"), Matched::MethodNotAllowed(allow) if allow == "GET, HEAD")
        );
    }

    #[test]
    fn head_is_answered_where_get_is_and_nowhere_else() {
        static TABLE: &[Route] = &[at("/read", Method::Get), at("/write", Method::Post)];
        assert!(
            matches!(find_in(TABLE.iter(), "HEAD", "/read"), Matched::Route(route, _) if route.path == "/read")
        );
        assert!(
            matches!(find_in(TABLE.iter(), "HEAD", "/write"), Matched::MethodNotAllowed(allow) if allow == "POST")
        );
    }
}
