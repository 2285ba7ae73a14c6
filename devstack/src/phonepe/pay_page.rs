//! The hosted pay page, on which a person chooses how the payment ends.

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};

use super::Phonepe;
use super::merchant::MERCHANT_NAME;
use super::order::{Failure, Order, OrderState};
use crate::clock::epoch_millis;
use crate::http::page::{escape, page, see_other};
use crate::http::request::{form_pairs, form_value};

const NOTICE: &str =
    "<p class=\"notice\">Simulated PhonePe page on this machine. No real payment is made.</p>";

impl Phonepe {
    /// Shows the page, or performs the action that a person chose and redirects to the merchant.
    pub(super) fn pay_page(&self, parts: &Parts, token: &str, body: &Bytes) -> Response<Body> {
        let Some(order) = self.store().order_of_page(token).cloned() else {
            let text = format!(
                "<main>{NOTICE}<div class=\"card\"><h1>Payment not found</h1><p>The local platform loses its payments when it stops. Start the payment again in {MERCHANT_NAME}.</p></div></main>"
            );
            return page(StatusCode::NOT_FOUND, "Payment not found", &text);
        };
        if parts.method != Method::POST {
            return show(&order);
        }
        let form = form_pairs(&String::from_utf8_lossy(body));
        let open = order.state == OrderState::Pending;
        let result = match form_value(&form, "action") {
            // The order has ended since the page was loaded: show its state.
            Some("pay" | "fail" | "cancel") if !open => return show(&order),
            Some("pay") => self.pay(&order.merchant_order_id),
            Some("fail") => self.fail(&order.merchant_order_id),
            Some("cancel") => self.cancel(&order.merchant_order_id),
            Some("leave") => Ok(()),
            _ => return show(&order),
        };
        match result {
            Ok(()) => see_other(&order.return_url),
            Err(_) => show(&self.store().order_of_page(token).cloned().unwrap_or(order)),
        }
    }
}

fn show(order: &Order) -> Response<Body> {
    let state = match (order.state, order.error) {
        (OrderState::Pending, _) => "Waiting for payment",
        (OrderState::Completed, _) => "Paid",
        (OrderState::Failed, Some(Failure::CANCELLED)) => "Cancelled",
        (OrderState::Failed, Some(Failure::EXPIRED)) => "Expired",
        (OrderState::Failed, _) => "Failed",
    };
    let minutes = (order.expire_at_ms - epoch_millis() + 59_999).max(0).div_euclid(60_000);
    let open = match (order.state, minutes) {
        (OrderState::Pending, 0 | 1) => "<dt>Open for</dt><dd>1 more minute</dd>".to_owned(),
        (OrderState::Pending, _) => format!("<dt>Open for</dt><dd>{minutes} more minutes</dd>"),
        _ => String::new(),
    };
    let amount = rupees(order.amount);
    let choices = match order.state {
        OrderState::Pending => format!(
            "<form method=\"post\">\
             <button class=\"main\" name=\"action\" value=\"pay\">Pay {amount}</button>\
             <button name=\"action\" value=\"fail\">Fail<small>The bank declines the payment</small></button>\
             <button name=\"action\" value=\"cancel\">Cancel<small>The payer cancels; the order ends</small></button>\
             <button name=\"action\" value=\"leave\">Leave<small>Back to {MERCHANT_NAME}; the order stays open</small></button>\
             </form>"
        ),
        _ => format!(
            "<a class=\"button main\" href=\"{}\">Back to {MERCHANT_NAME}</a>",
            escape(&order.return_url)
        ),
    };
    let heading = if order.state == OrderState::Pending { "Pay" } else { "Payment to" };
    let body = format!(
        "<main>{NOTICE}<div class=\"card\"><h1>{heading} {MERCHANT_NAME}</h1><p class=\"amount\">{amount}</p>\
         <dl><dt>State</dt><dd class=\"state\">{state}</dd>{open}<dt>Order</dt><dd>{}</dd></dl>{choices}</div></main>",
        escape(&order.merchant_order_id),
    );
    page(StatusCode::OK, &format!("{state}: {amount} to {MERCHANT_NAME}"), &body)
}

/// Paise as rupees with Indian grouping: `₹1,00,000.00`.
fn rupees(paise: i64) -> String {
    let digits = (paise / 100).to_string();
    let (head, tail) = digits.split_at(digits.len().saturating_sub(3));
    let mut grouped = String::new();
    for (index, digit) in head.chars().enumerate() {
        if index > 0 && (head.len() - index).is_multiple_of(2) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let comma = if grouped.is_empty() { "" } else { "," };
    format!("₹{grouped}{comma}{tail}.{:02}", paise % 100)
}

#[cfg(test)]
mod tests {
    use super::rupees;

    #[test]
    fn rupees_are_grouped_as_in_india() {
        let cases = [
            (100, "₹1.00"),
            (99_999, "₹999.99"),
            (500_000, "₹5,000.00"),
            (1_000_000, "₹10,000.00"),
            (10_000_000, "₹1,00,000.00"),
            (1_234_567_805, "₹1,23,45,678.05"),
        ];
        for (paise, text) in cases {
            assert_eq!(rupees(paise), text);
        }
    }
}
