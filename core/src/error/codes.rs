//! The list of all errors: each has a status, a title and a fix. `docs/ERRORS.md` has an anchor per code; pages show
//! the title.

use serde::{Deserialize, Serialize};

/// Declares the codes with their status and texts.
macro_rules! errors {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $status:literal, $title:literal, $fix:literal;)+) => {
        /// A stable error code. Codes are never reused for another meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $variant),+
        }

        impl ErrorCode {
            /// Every code, in the order of `docs/ERRORS.md`.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as it is sent in the problem's `code`.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $code),+ } }
            /// The HTTP status of the response.
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status),+ } }
            /// A short sentence that is the same for every occurrence.
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title),+ } }
            /// What the person or the developer can do about it.
            pub const fn fix(self) -> &'static str { match self { $(Self::$variant => $fix),+ } }
            /// What it means, from its doc comment.
            pub const fn meaning(self) -> &'static str { match self { $(Self::$variant => concat!($($doc),+)),+ } }
            /// The code whose text is exactly `text`; PostgREST hands back those that our SQL raises.
            pub fn parse(text: &str) -> Option<Self> { match text { $($code => Some(Self::$variant),)+ _ => None } }
        }
    };
}

errors! {
    /// No session came with the request.
    TokenMissing = "token_missing", 401, "You are not signed in.", "Sign in, and send the session as `Authorization: Bearer <access token>` or in Supabase's cookie.";
    /// The session's token is malformed, wrongly signed, for another project or not a person's.
    TokenInvalid = "token_invalid", 401, "Your session is not valid.", "Sign in again.";
    /// The session's token was valid and has expired.
    TokenExpired = "token_expired", 401, "Your session has expired.", "Refresh the session, or sign in again.";
    /// The session names a signing key that this project did not have when it was last asked.
    SigningKeyUnknown = "signing_key_unknown", 401, "Your session could not be checked.", "Try again after the seconds in `Retry-After`; if it happens again, sign in again.";
    /// A request with a session cookie asked for a change from a page whose origin is not allowed.
    OriginNotAllowed = "origin_not_allowed", 403, "This page is not allowed to act for you.", "Send the session as `Authorization: Bearer <access token>`; operators: add the page's origin to ALLOWED_ORIGINS.";
    /// An anonymous sign-in asked for something that needs an account.
    AnonymousNotAllowed = "anonymous_not_allowed", 403, "This needs an account.", "Sign up with an e-mail address.";
    /// An operator has disabled the account.
    AccountDisabled = "account_disabled", 403, "This account is disabled.", "Write to support.";
    /// The session is valid, but its account has been deleted.
    AccountNotFound = "account_not_found", 401, "This account no longer exists.", "Sign up again.";
    /// A workspace route was called without `X-Workspace-Id`. It is never guessed.
    WorkspaceHeaderMissing = "workspace_header_missing", 400, "The request names no workspace.", "Send the workspace's id in the `X-Workspace-Id` header.";
    /// `X-Workspace-Id`, or the gate's `workspace`, is not a UUID.
    WorkspaceHeaderInvalid = "workspace_header_invalid", 400, "The workspace id is not a UUID.", "Send the id that ensure-profile returned.";
    /// No such workspace, or the caller is not a member; both get the same answer, so that outsiders learn nothing.
    WorkspaceNotFound = "workspace_not_found", 404, "Workspace not found, or you are not a member.", "Check the id, or ask the owner for an invitation.";
    /// The caller is a member, but their role does not allow this.
    RoleNotAllowed = "role_not_allowed", 403, "Your role does not allow this.", "Ask an owner or an admin of the workspace.";
    /// The person has no profile yet.
    ProfileNotFound = "profile_not_found", 404, "Your profile is not set up yet.", "Call ensure-profile once after signing in.";
    /// No route has this path.
    RouteNotFound = "route_not_found", 404, "There is nothing at this address.", "Check the path against docs/API.md.";
    /// The path exists, but not with this method.
    MethodNotAllowed = "method_not_allowed", 405, "This address does not support that method.", "Use a method named in the `Allow` header.";
    /// The body is larger than the route accepts.
    BodyTooLarge = "body_too_large", 413, "The request is too large.", "Send less; docs/API.md lists each route's limit.";
    /// The body is not JSON, or does not have the shape that the route expects.
    BodyInvalid = "body_invalid", 400, "The request body cannot be read.", "Send a JSON object as docs/API.md describes it.";
    /// Some answers are missing or wrong; `errors` names each.
    AnswersInvalid = "answers_invalid", 422, "Some answers need attention.", "Correct the fields named in `errors` and send again; nothing was saved.";
    /// The save does not say which revision it is based on.
    RevisionMissing = "revision_missing", 428, "The save does not name a revision.", "Send `If-Match` with the ETag that you loaded: the revision, or the manifest's version, in quotes.";
    /// Another tab or person changed the same answers in the meantime; `current` is their copy, `base` the copy that your changes were based on, and `errors` names the fields in conflict, where fields were compared.
    RevisionConflict = "revision_conflict", 412, "These answers were changed elsewhere.", "Choose between your answers and those in `current`, and save again with its revision; nothing was saved.";
    /// There is no onboarding session to read answers from.
    SessionNotFound = "session_not_found", 404, "There are no saved answers.", "Answer the questions first, or send the answers in the body.";
    /// The onboarding has been submitted; its session can no longer be edited.
    SessionSubmitted = "session_submitted", 409, "Onboarding has already been submitted.", "Read the manifest; to change it, edit its answers at `PUT /context/source`.";
    /// No onboarding step has this id.
    StepNotFound = "step_not_found", 404, "There is no such step.", "Use a step id from docs/API.md; steps have no numbers.";
    /// A query parameter has a value that the route does not accept.
    QueryInvalid = "query_invalid", 400, "A query parameter is not valid.", "Correct the parameter named in the detail.";
    /// The guardrails, constraints and banned phrases alone do not fit the manifest's budget.
    ManifestTooLarge = "manifest_too_large", 422, "The guardrails do not fit the manifest.", "Shorten the constraints and banned phrases; they are never dropped for you.";
    /// The workspace has no manifest yet.
    ManifestNotFound = "manifest_not_found", 404, "There is no manifest yet.", "Finish onboarding to create the first one.";
    /// The manifest's text and its checksum do not agree.
    ChecksumMismatch = "checksum_mismatch", 422, "The manifest does not match its checksum.", "Send the canonical content and its SHA-256.";
    /// The plan or the interval is not one that is sold.
    PlanUnknown = "plan_unknown", 422, "This plan is not available.", "Send a plan and an interval that `GET /payments/v2/plans` lists.";
    /// The database's price differs from the catalogue's: one of the two has been deployed, and the other not yet.
    PriceChanged = "price_changed", 409, "The price of this plan is being changed.", "Load the price list again in a few minutes; nothing was charged.";
    /// A payment was started without an `Idempotency-Key`.
    IdempotencyKeyMissing = "idempotency_key_missing", 400, "The request has no idempotency key.", "Send an `Idempotency-Key` header, 8 to 64 letters, digits, `-` or `_`, and the same one when you retry.";
    /// The same `Idempotency-Key` came with another body.
    IdempotencyKeyReused = "idempotency_key_reused", 422, "This idempotency key was used for something else.", "Use a new key for each new request.";
    /// The first request with this `Idempotency-Key` is still being processed.
    IdempotencyInFlight = "idempotency_in_flight", 409, "The same request is still being processed.", "Wait a moment and retry with the same key.";
    /// The key holds characters that a header cannot carry.
    IdempotencyKeyInvalid = "idempotency_key_invalid", 422, "The idempotency key is not valid.", "Send 8 to 64 letters, digits, `-` or `_`.";
    /// The platform's own limit: one address sends more requests in a minute than people do.
    TooManyRequests = "too_many_requests", 429, "Too many requests came from your address.", "Wait a minute, then send requests more slowly.";
    /// A named limit of the route is used up; `RateLimit-Reset` says when it resets.
    RateLimited = "rate_limited", 429, "You have done this too often.", "Try again after the seconds in `Retry-After`.";
    /// A workspace opens more payment pages in an hour than a person would.
    TooManyOrders = "too_many_orders", 429, "Too many payments were started.", "Wait an hour, or write to support.";
    /// No such order, or it belongs to another workspace; both get the same answer, so that outsiders learn nothing.
    OrderNotFound = "order_not_found", 404, "Order not found in your workspace.", "Check the order id.";
    /// PhonePe refused to open a payment page.
    PaymentRefused = "payment_refused", 502, "PhonePe did not open a payment page.", "Try again with a new idempotency key; nothing was charged.";
    /// Only a paid order can be refunded, and only once.
    OrderNotRefundable = "order_not_refundable", 409, "This order cannot be refunded.", "See the order's timeline: it was not paid, or its money has been refunded or is being refunded.";
    /// The 7 days in which an owner may refund are over.
    RefundWindowOver = "refund_window_over", 409, "The refund period is over.", "Write to support with the order id.";
    /// The amount is too small, more than what is left, or would leave too little behind.
    RefundAmountInvalid = "refund_amount_invalid", 422, "This amount cannot be refunded.", "Omit the amount to refund all that is left; the detail says how much.";
    /// The refund's reason is missing or longer than 500 characters.
    RefundReasonInvalid = "refund_reason_invalid", 422, "The refund needs a reason.", "Give the reason for the refund in 1 to 500 characters.";
    /// PhonePe refused to make the refund.
    RefundRefused = "refund_refused", 502, "PhonePe did not accept the refund.", "Try again with a new idempotency key, or write to support with the order id; no money has moved.";
    /// A webhook did not prove that it comes from PhonePe.
    WebhookRejected = "webhook_rejected", 401, "The webhook is not authorized.", "Operators: compare PHONEPE_WEBHOOK_USERNAME and PHONEPE_WEBHOOK_PASSWORD (V1: PHONEPE_SALT_KEY) with PhonePe's dashboard.";
    /// No stored webhook has this inbox id, or is about this order or refund.
    WebhookNotFound = "webhook_not_found", 404, "Webhook not found.", "Look for it in `webhook_inbox`; the cron checks orders that have none.";
    /// The stored webhook did not prove that it comes from PhonePe, or names no order or refund; it is never applied.
    WebhookNotVerified = "webhook_not_verified", 409, "This webhook cannot be applied.", "Choose a verified webhook that names an order or a refund.";
    /// An operator's route was called without its token.
    OperatorTokenInvalid = "operator_token_invalid", 401, "This is for operators only.", "Send the deployment's METRICS_TOKEN (for /metrics) or OPERATOR_TOKEN as `Authorization: Bearer …`.";
    /// The workspace has no active plan.
    PlanRequired = "plan_required", 403, "This needs an active plan.", "Choose a plan; only an owner or an admin can do this.";
    /// The plan has fewer seats than the workspace has members, and others come first: the owner, then by date of joining.
    NoSeat = "no_seat", 403, "The plan has no seat for you.", "Ask the owner of the workspace, whom the detail names, for a larger plan or a free seat; you can read until then.";
    /// The plan's seats, moves of the week or active campaigns are used up; the detail says which.
    PlanLimitReached = "plan_limit_reached", 409, "You have reached your plan's limit.", "Choose a larger plan, or do what the detail says.";
    /// The invitation does not exist; a token or an id of another workspace gets the same answer.
    InvitationNotFound = "invitation_not_found", 404, "Invitation not found.", "Ask for a new link.";
    /// The invitation was sent to a different address than the session's.
    InvitationForAnother = "invitation_for_another", 403, "This invitation is for someone else.", "Sign in with the address that it was sent to.";
    /// Someone has accepted the invitation; perhaps the caller, who has been removed since.
    InvitationUsed = "invitation_used", 410, "This invitation has been used.", "Ask for a new one.";
    /// The invitation was withdrawn.
    InvitationRevoked = "invitation_revoked", 410, "This invitation was withdrawn.", "Ask for a new one.";
    /// The invitation is more than seven days old.
    InvitationExpired = "invitation_expired", 410, "This invitation has expired.", "Ask for a new one.";
    /// The address already has an open invitation.
    InvitationOpen = "invitation_open", 409, "This person has already been invited.", "Revoke the open invitation to send a new link.";
    /// A workspace invites more people in a day than a team grows by.
    TooManyInvitations = "too_many_invitations", 429, "Too many invitations were sent.", "Try again tomorrow.";
    /// The invited person is already a member.
    AlreadyMember = "already_member", 409, "This person is already a member.", "Change their role instead.";
    /// The person's e-mail address has not been confirmed.
    EmailUnconfirmed = "email_unconfirmed", 403, "Your e-mail address is not confirmed.", "Follow the link in the e-mail that we sent you at sign-up.";
    /// The text is not a single e-mail address.
    EmailInvalid = "email_invalid", 422, "This is not a valid e-mail address.", "Enter one address, such as asha@example.in.";
    /// Only the roles admin and member can be assigned; a workspace has one owner.
    RoleUnknown = "role_unknown", 422, "This role cannot be assigned.", "Send `admin` or `member`.";
    /// No such person belongs to the workspace.
    MemberNotFound = "member_not_found", 404, "Member not found.", "Use an id from the list of members.";
    /// The owner cannot leave, and their role cannot be changed.
    OwnerStays = "owner_stays", 409, "The owner cannot leave or change role.", "Write to support to transfer the workspace.";
    /// There is no such move in the workspace.
    MoveNotFound = "move_not_found", 404, "Move not found.", "Use an id from the list of moves.";
    /// There is no such campaign in the workspace.
    CampaignNotFound = "campaign_not_found", 404, "Campaign not found.", "Use an id from the list of campaigns.";
    /// The status is not one of the known ones.
    StatusUnknown = "status_unknown", 422, "This status does not exist.", "Send one of the statuses in docs/VOCABULARY.md.";
    /// The page starts after a row that does not exist.
    CursorUnknown = "cursor_unknown", 422, "This page of the list does not exist.", "Start from the first page.";
    /// A page has 1 to 100 rows.
    LimitOutOfRange = "limit_out_of_range", 422, "A page cannot have that many rows.", "Ask for 1 to 100.";
    /// The title of a move is missing or too long.
    TitleInvalid = "title_invalid", 422, "The title is missing or too long.", "Use 1 to 200 characters.";
    /// The name of a campaign is missing or too long.
    NameInvalid = "name_invalid", 422, "The name is missing or too long.", "Use 1 to 200 characters.";
    /// The description of a move is too long.
    DescriptionInvalid = "description_invalid", 422, "The description is too long.", "Use at most 4,000 characters.";
    /// The objective of a campaign is too long.
    ObjectiveInvalid = "objective_invalid", 422, "The objective is too long.", "Use at most 4,000 characters.";
    /// The manifest, or the answers behind it, have changed since the change was based on them; for an edit, `current_source` holds the current answers.
    VersionConflict = "version_conflict", 412, "The manifest has changed in the meantime.", "Read the current version and repeat the change.";
    /// The manifest has no version of this number.
    VersionNotFound = "version_not_found", 404, "Version not found.", "Use a number from the history.";
    /// The manifest was rebuilt within the last hour.
    RebuildTooSoon = "rebuild_too_soon", 429, "The manifest was rebuilt less than an hour ago.", "Wait until the time in the detail, or force the rebuild.";
    /// This deployment has no language model.
    SuggestionsOff = "suggestions_off", 501, "Suggestions are switched off.", "Operators: set the VERTEX_ settings that docs/ENVIRONMENT.md lists.";
    /// The model did not answer, or none of its answer can be used. Nothing is suggested in its place.
    SuggestionsFailed = "suggestions_failed", 502, "There are no suggestions this time.", "Try again later; nothing was changed.";
    /// A workspace can ask the model at most 20 times a day.
    TooManySuggestions = "too_many_suggestions", 429, "Too many suggestions were requested.", "Try again tomorrow.";
    /// Suggestions are made for 1 to 5 fields, and not for facts.
    FieldsInvalid = "fields_invalid", 422, "Suggestions are not available for these fields.", "Name 1 to 5 of the fields that the detail lists.";
    /// There is no such suggestion in the workspace.
    SuggestionNotFound = "suggestion_not_found", 404, "Suggestion not found.", "Use an id from the list of suggestions.";
    /// Someone has already made the other decision about the suggestion.
    SuggestionDecided = "suggestion_decided", 409, "Someone has already accepted or dismissed this suggestion.", "Ask for new suggestions.";
    /// Someone else changed the same thing at the same moment.
    Conflict = "conflict", 409, "This changed while you were working.", "Load it again and repeat the change.";
    /// A database, cache or auth server that the answer needs did not answer in time. Nothing was changed, or the change is safe to repeat.
    DependencyUnavailable = "dependency_unavailable", 503, "A service we depend on is not answering.", "Try again in a few seconds; repeating is safe.";
    /// The deployment's settings are incomplete; the log names every one.
    Misconfigured = "misconfigured", 500, "The service is not set up correctly.", "Operators: read the log line `config`, and docs/ENVIRONMENT.md.";
    /// A failure on our side. The log has the cause under the same request id.
    Internal = "internal", 500, "Something went wrong on our side.", "Try again; if it happens again, send support the request id.";
}
