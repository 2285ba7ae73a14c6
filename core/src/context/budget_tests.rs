use super::*;

#[derive(serde::Deserialize)]
struct Document {
    kind: String,
    half: String,
    tokens: u32,
    text: String,
}

/// Two halves of one stock of sentences, lists of names that the fit knows, too, and documents that were written apart.
fn documents() -> Vec<Document> {
    let halves = include_str!("../../../tests/contract/token_counts/documents.json");
    let rare = include_str!("../../../tests/contract/token_counts/rare_words.json");
    let unseen = include_str!("../../../tests/contract/token_counts/unseen.json");
    [halves, rare, unseen]
        .into_iter()
        .flat_map(|text| serde_json::from_str::<Vec<_>>(text).unwrap())
        .collect()
}

/// Overshoot of each document of a half or of the unseen; below zero is a shortfall.
fn errors(half: &str) -> Vec<(String, f64)> {
    let error =
        |document: &Document| f64::from(estimate_tokens(&document.text)) / f64::from(document.tokens) - 1.0;
    documents()
        .iter()
        .filter(|d| d.half == half)
        .map(|d| (format!("{}: {}", d.kind, d.text), error(d)))
        .collect()
}

fn percent(share: f64) -> f64 {
    (share * 1_000.0).round() / 10.0
}

#[test]
fn on_documents_it_was_not_fitted_to_it_is_near_and_hardly_ever_short() {
    for half in ["calibrate", "judge", "unseen"] {
        let errors = errors(half);
        assert!(errors.len() >= 100, "{half} has {} documents", errors.len());
        let mean = errors.iter().map(|(_, error)| error).sum::<f64>()
            / f64::from(u32::try_from(errors.len()).unwrap());
        let worst = errors.iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        let most = errors.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        println!(
            "counted: {half}: mean {} %, least {} %, most {} %",
            percent(mean),
            percent(worst.1),
            percent(most.1)
        );
        assert!(mean <= 0.25, "{half}: mean overshoot {} %", percent(mean));
        assert!(worst.1 >= -0.03, "{half}: short by {} %: {}", percent(-worst.1), worst.0);
    }
}

#[test]
fn nothing_costs_nothing_and_longer_never_costs_less() {
    assert_eq!(estimate_tokens(""), 0);
    for document in documents() {
        let ends: Vec<_> = document
            .text
            .char_indices()
            .map(|(at, _)| at)
            .filter(|at| document.text[*at..].starts_with(' '))
            .collect();
        let costs: Vec<_> = ends.iter().map(|end| milli_tokens(&document.text[..*end])).collect();
        assert!(costs.is_sorted(), "{}", document.text);
    }
}
