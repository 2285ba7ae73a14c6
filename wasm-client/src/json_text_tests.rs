use serde_json::{Value, json};

use super::*;

#[derive(serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    Plain,
    Full { word: Option<char>, pair: (u8, i64) },
}

#[test]
fn it_is_what_serde_json_writes() {
    let all = json!({
        "": [null, true, false, -1, 0, 18_446_744_073_709_551_615_u64, 1.5, [], {}],
        "चाय \"\\/\u{1}\n": {"a": "\u{7f}\u{2028}"},
    });
    assert_eq!(json_text(&all), all.to_string());
    let tagged = [
        Tagged::Plain,
        Tagged::Full { word: Some('é'), pair: (1, -2) },
        Tagged::Full { word: None, pair: (0, 0) },
    ];
    assert_eq!(json_text(&tagged), serde_json::to_string(&tagged).unwrap_or_default());
}

#[test]
fn every_shape_that_can_be_derived_is_what_serde_json_writes() {
    #[derive(serde::Serialize)]
    struct Pair(u8, &'static str);
    #[derive(serde::Serialize)]
    enum Shape {
        Unit,
        One(Pair),
        Two(bool, ()),
        Named { a: Option<u8>, b: [u8; 0] },
    }
    let shapes =
        [Shape::Unit, Shape::One(Pair(1, "\"")), Shape::Two(true, ()), Shape::Named { a: None, b: [] }];
    assert_eq!(json_text(&shapes), serde_json::to_string(&shapes).unwrap_or_default());
    let map = std::collections::BTreeMap::from([(-7, 'a'), (3, '"')]);
    assert_eq!(json_text(&map), serde_json::to_string(&map).unwrap_or_default());
}

#[test]
fn numbers_are_those_of_javascript() {
    assert_eq!(json_text(&[1.0, 1e21, 0.1, f64::NAN]), "[1,1e+21,0.1,null]");
    let read: Value = serde_json::from_str(&json_text(&[1.0, 1e21])).unwrap_or_default();
    assert_eq!(read, json!([1, 1e21]));
}
