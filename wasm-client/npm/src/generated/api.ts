// Generated from core by `npm run codegen`; do not edit.

import type { Plan, Interval, SubscriptionStatus, PaymentStatus, RefundStatus, RefundBy, OnboardingStatus, SessionState, BcmSource, GateCondition, SignIn, ControlState, MemberRole, ExportFormat, SuggestionState } from "./vocabulary.js";
import type { Offer } from "./catalogue.js";

/** The body of `POST /members/accept`. */
export interface AcceptRequest {
  /** The token of the link. */
  token: string;
}

/** Why a person cannot go on, with the way out. */
export interface ActionableError {
  /** Stable code such as `plan_unmet`. */
  code: string;
  /** The sentence. */
  message: string;
  /** Where to go in the web app. */
  action: string;
}

/** One answer. On the wire a string or an array of strings. */
export type Answer = string | Array<string>;

/** One difference, for people. */
export interface Change {
  /** What happened. */
  kind: ChangeKind;
  /** The sentence. */
  sentence: string;
  /** Id of the question whose answer it was; absent for what no question asks. */
  field?: string | null;
  /** The onboarding step of that question. */
  step?: string | null;
}

/** What happened to a text. */
export type ChangeKind = "added" | "removed" | "changed";

/** The answer to an init. */
export interface Checkout {
  /** Our order id; ask its status with it. */
  order_id: string;
  /** In paise. */
  amount: number;
  /** Always `INR`. */
  currency: string;
  /** PhonePe's page, where the person pays. */
  redirect_url: string;
  /** When that page closes, RFC 3339 UTC. */
  expires_at: string;
}

/** One gate condition of a person. */
export interface ConditionView {
  /** Which condition. */
  condition: GateCondition;
  /** Whether it is met. What could not be checked is not met. */
  met: boolean;
  /** The evidence in one word: the sign-in, the subscription's label, the onboarding's, the manifest's age. */
  status: string;
  /** The sentence that says so. */
  message: string;
  /** Since when it is unmet, RFC 3339 UTC; absent when met or not known. */
  since?: string | null;
  /** Until when it is met, RFC 3339 UTC; absent when unmet or without an end. */
  until?: string | null;
}

/** What the current manifest is made from: `GET /context/source`, and the other copy for an edit that was refused. The ETag is its version, and after a dot its edits where there are any. */
export interface ContextSource {
  /** The manifest's version. */
  version: number;
  /** How often the answers were edited since without changing the manifest. */
  edits: number;
  /** Field id → answer. */
  answers: Record<string, Answer>;
}

/** What the manifest's age does to the controls that use it. */
export interface Controls {
  /** `enabled`, `warn` (stale) or `disabled` (missing, expired or not known). */
  state: ControlState;
  /** Why, in a sentence. */
  message: string;
}

/** `PATCH /context/suggestions/{suggestion_id}` */
export interface DecideRequest {
  /** `accepted` or `dismissed`. */
  state: SuggestionState;
}

/** What happens to a page. */
export type Decision = { kind: "allow" } | { kind: "redirect"; to: string } | { kind: "interstitial"; condition: GateCondition; code: string; message: string; retry: boolean };

/** One thing that did not fit. */
export interface Dropped {
  /** JSON Pointer into the content as it was before anything was dropped. What lies below it went with it. */
  pointer: string;
  /** `shortened` or `dropped`. */
  action: string;
  /** Why: `too_long` for a text that was cut, `over_budget` for what found no room beside what ranks higher. */
  reason?: string;
}

/** `POST /auth/ensure-profile` */
export interface EnsureProfile {
  /** The profile's id, which is not the auth id. */
  user_id: string;
  /** The person's own workspace; send it as `X-Workspace-Id`. */
  workspace_id: string;
  /** Their role in it. */
  role: MemberRole;
  /** Whether this call made any of it. */
  created: boolean;
}

/** A stable error code. Codes are never reused for another meaning. */
export type ErrorCode = "token_missing" | "token_invalid" | "token_expired" | "signing_key_unknown" | "origin_not_allowed" | "anonymous_not_allowed" | "account_disabled" | "account_not_found" | "workspace_header_missing" | "workspace_header_invalid" | "workspace_not_found" | "role_not_allowed" | "profile_not_found" | "route_not_found" | "method_not_allowed" | "body_too_large" | "body_invalid" | "answers_invalid" | "revision_missing" | "revision_conflict" | "session_not_found" | "session_submitted" | "step_not_found" | "query_invalid" | "manifest_too_large" | "manifest_not_found" | "checksum_mismatch" | "plan_unknown" | "price_changed" | "idempotency_key_missing" | "idempotency_key_reused" | "idempotency_in_flight" | "idempotency_key_invalid" | "too_many_requests" | "rate_limited" | "too_many_orders" | "order_not_found" | "payment_refused" | "order_not_refundable" | "refund_window_over" | "refund_amount_invalid" | "refund_reason_invalid" | "refund_refused" | "webhook_rejected" | "webhook_not_found" | "webhook_not_verified" | "operator_token_invalid" | "plan_required" | "no_seat" | "plan_limit_reached" | "invitation_not_found" | "invitation_for_another" | "invitation_used" | "invitation_revoked" | "invitation_expired" | "invitation_open" | "too_many_invitations" | "already_member" | "email_unconfirmed" | "email_invalid" | "role_unknown" | "member_not_found" | "owner_stays" | "move_not_found" | "campaign_not_found" | "status_unknown" | "cursor_unknown" | "limit_out_of_range" | "title_invalid" | "name_invalid" | "description_invalid" | "objective_invalid" | "version_conflict" | "version_not_found" | "rebuild_too_soon" | "suggestions_off" | "suggestions_failed" | "too_many_suggestions" | "fields_invalid" | "suggestion_not_found" | "suggestion_decided" | "conflict" | "dependency_unavailable" | "misconfigured" | "internal";

/** The decision in words. */
export interface Explanation {
  /** Why the page is open or closed. */
  why: string;
  /** Since when something is missing, RFC 3339 UTC, where that is known. */
  since?: string | null;
  /** What the next action leads to; absent when there is none. */
  next?: string | null;
  /** What happens by itself, the soonest first. */
  upcoming: Array<Upcoming>;
}

/** A manifest as the JSON export has it. */
export interface Export {
  /** Whose it is; absent in a manifest that was not exported. */
  workspace_id?: string | null;
  /** Counts up by one within a workspace. */
  version: number;
  /** When this version was made, RFC 3339 UTC. */
  generated_at: string;
  /** When a person last submitted, edited or rebuilt it, RFC 3339 UTC. Freshness counts from here. */
  confirmed_at: string;
  /** Lower-case hex SHA-256 over the RFC 8785 text of `content`. */
  checksum: string;
  /** What caused this version. */
  source: BcmSource;
  /** How it was made. */
  meta: ManifestMeta;
  /** What prompts read: foundation, icps, competitive, messaging, channels, market, facts, guardrails. */
  content: unknown;
}

/** `POST /context/export` */
export interface ExportRequest {
  /** `json` or `markdown`. */
  format: ExportFormat;
}

/** One thing wrong with one field, in a sentence fit to stand under it in a form. */
export interface FieldError {
  /** JSON Pointer (RFC 6901) to the value, from the root of the body. */
  pointer: string;
  /** Stable code of the rule, such as `required` or `too_long`. */
  code: string;
  /** The sentence to show. */
  message: string;
  /** Id of the onboarding step that the field belongs to, where it belongs to one. */
  step?: string | null;
}

/** `POST /onboarding/finalize` */
export interface FinalizeRequest {
  /** Field id → answer. Left out, as is the whole body, when the session's answers are meant. */
  answers?: Record<string, unknown> | null;
}

/** The answer to a finalize. */
export interface Finalized {
  /** False when the content equals the latest version's: nothing new was made, and it is confirmed anew. */
  created: boolean;
  /** The manifest. */
  manifest: Manifest;
}

/** `GET /auth/gate` */
export interface GateAnswer {
  /** The page that was judged; the dashboard for a path that can be read in two ways. */
  path: string;
  /** What happens to it. */
  decision: Decision;
  /** Every condition, in order. */
  conditions: Array<ConditionView>;
  /** The one next action; absent when nothing is missing. */
  next?: NextAction | null;
  /** What the manifest's age does to the controls that use it. */
  controls: Controls;
  /** The same in words: why, since when, what comes next. */
  explanation: Explanation;
  /** What it was judged from; `decideGate` of the package judges further pages from it without a call. */
  facts: GateFacts;
}

/** All that the gate judges. `GET /auth/gate` sends it along, so that a page can ask again without a call. */
export interface GateFacts {
  /** Who is asking. */
  session: SignIn;
  /** What the database knows of them; absent when nobody is signed in, or when it could not be read. */
  profile?: ProfileFacts | null;
}

/** The gate's answer about one page. */
export interface GateView {
  /** The page that was judged; the dashboard for a path that can be read in two ways. */
  path: string;
  /** What happens to it. */
  decision: Decision;
  /** Every condition, in order. */
  conditions: Array<ConditionView>;
  /** The one next action; absent when nothing is missing. */
  next?: NextAction | null;
  /** What the manifest's age does to the controls that use it. */
  controls: Controls;
  /** The same in words: why, since when, what comes next. */
  explanation: Explanation;
}

/** `GET /health` */
export interface Health {
  /** Always `ok`: whoever reads this has been answered. */
  status: string;
  /** The build's version. */
  version: string;
}

/** `GET /context/history` */
export interface History {
  /** Versions, the newest first. */
  versions: Array<VersionHead>;
  /** Send it as `before` for the next page; absent on the last. */
  next_before?: number | null;
}

/** `POST /payments/v2/init`. The price is the catalogue's: no amount is taken from a client. */
export interface InitRequest {
  /** The plan. */
  plan: Plan;
  /** The interval. */
  interval: Interval;
}

/** A new invitation. */
export interface Invitation {
  /** Its id, by which it can be withdrawn. */
  invitation_id: string;
  /** Whom it went to. */
  email: string;
  /** The role it gives. */
  role: MemberRole;
  /** RFC 3339 UTC. */
  expires_at: string;
  /** What the link in the e-mail carries. Told this once and stored nowhere. */
  token: string;
}

/** The body of `POST /members/invite`. */
export interface InviteRequest {
  /** The address. */
  email: string;
  /** `admin` or `member`. */
  role: string;
}

/** What somebody has joined. */
export interface Joined {
  /** Send it as `X-Workspace-Id`. */
  workspace_id: string;
  /** Its name. */
  workspace_name: string;
  /** The role there. */
  role: MemberRole;
  /** Whether this call did it; false for a repeat. */
  joined: boolean;
}

/** A manifest as it is stored, cached, served and exported. */
export interface Manifest {
  /** Counts up by one within a workspace. */
  version: number;
  /** When this version was made, RFC 3339 UTC. */
  generated_at: string;
  /** When a person last submitted, edited or rebuilt it, RFC 3339 UTC. Freshness counts from here. */
  confirmed_at: string;
  /** Lower-case hex SHA-256 over the RFC 8785 text of `content`. */
  checksum: string;
  /** What caused this version. */
  source: BcmSource;
  /** How it was made. */
  meta: ManifestMeta;
  /** What prompts read: foundation, icps, competitive, messaging, channels, market, facts, guardrails. */
  content: unknown;
}

/** The latest manifest, without its content. */
export interface ManifestHead {
  /** Its version. */
  version: number;
  /** RFC 3339 UTC; freshness counts from here. */
  confirmed_at: string;
}

/** How a manifest was made. */
export interface ManifestMeta {
  /** Which reducer made the content; 0 for what was made before they were counted. */
  reducer?: number;
  /** Estimated cl100k tokens of the content. */
  token_estimate: number;
  /** Everything that was dropped or shortened to fit the budget, and why. */
  dropped: Array<Dropped>;
  /** Ids of the questions that were not answered. */
  missing: Array<string>;
  /** The older version whose content this one brought back. */
  restored_from?: number | null;
}

/** One person of a workspace. */
export interface Member {
  /** The profile's id, which changes and removals name. */
  user_id: string;
  /** Their name, where they gave one. */
  full_name?: string | null;
  /** Their picture, where they gave one. */
  avatar_url?: string | null;
  /** Their address; owner and admins see it. */
  email?: string | null;
  /** Their role. */
  role: MemberRole;
  /** Whether this is the one who asks. */
  is_you: boolean;
  /** RFC 3339 UTC. */
  joined_at: string;
}

/** `PATCH /members/{user_id}` */
export interface MemberChanged {
  /** The person. */
  user_id: string;
  /** The role they have now. */
  role: MemberRole;
  /** Whether it was another one before. */
  changed: boolean;
}

/** `DELETE /members/{user_id}` */
export interface MemberRemoved {
  /** The person. */
  user_id: string;
  /** Always true. */
  removed: boolean;
}

/** `GET /members` */
export interface Members {
  /** Everybody, in the order of joining. */
  members: Array<Member>;
  /** The invitations that wait to be accepted; absent for those who may not see them. */
  invitations?: Array<unknown> | null;
}

/** `GET /metrics`: Prometheus text, see docs/METRICS.md. */
export type Metrics = string;

/** The one thing to do next. */
export interface NextAction {
  /** The condition it meets. */
  condition: GateCondition;
  /** Stable code: `sign_in`, `set_up`, `choose_plan`, `continue_onboarding`, `write_to_support` or `retry`. */
  code: string;
  /** Where to go in the web app. */
  path: string;
  /** What the button says. */
  label: string;
}

/** An onboarding session, as reads and saves answer it. The ETag is its revision. */
export interface OnboardingSession {
  /** Send it in quotes as `If-Match` of the next save; 0 before the first. */
  revision: number;
  /** `draft`, or `submitted` after finalize. */
  state: SessionState;
  /** Field id → answer, as it was normalised. */
  answers: Record<string, Answer>;
  /** Required questions answered. */
  progress: Progress;
  /** Until when the fast copy is kept, RFC 3339 UTC, later after each save; absent with `Degraded`. */
  expires_at?: string | null;
}

/** `GET /openapi.json`: an OpenAPI 3.1 document. */
export type OpenApi = Record<string, unknown>;

/** An invitation that waits. */
export interface OpenInvitation {
  /** Its id, by which it can be withdrawn. */
  invitation_id: string;
  /** Whom it went to. */
  email: string;
  /** The role it gives. */
  role: MemberRole;
  /** RFC 3339 UTC. */
  expires_at: string;
}

/** `GET /payments/v2/status/{order_id}` */
export interface OrderView {
  /** Our order id. */
  order_id: string;
  /** The plan. */
  plan: Plan;
  /** The interval. */
  interval: Interval;
  /** In paise. */
  amount: number;
  /** Where the money is. */
  status: PaymentStatus;
  /** Still pending although its page's time is over: PhonePe has to be asked by a person if it stays so. */
  needs_attention: boolean;
  /** When the money came, RFC 3339 UTC. */
  paid_at?: string | null;
  /** The workspace's subscription as it stands now. */
  subscription?: SubscriptionView | null;
  /** While pending: how long to wait before asking again, in milliseconds. */
  poll_after_ms?: number | null;
  /** While pending: when a page may stop asking, RFC 3339 UTC. We go on without it. */
  give_up_at?: string | null;
}

/** `GET /payments/v2/orders` */
export interface Orders {
  /** The workspace's orders, the newest first. */
  orders: Array<OrderView>;
}

/** One operation of a JSON Patch (RFC 6902 section 4). */
export type PatchStep = { op: "add"; path: string; value: unknown } | { op: "remove"; path: string } | { op: "replace"; path: string; value: unknown };

/** `GET /payments/v2/plans` */
export interface Plans {
  /** Always `INR`. */
  currency: string;
  /** From the smallest to the largest. */
  plans: Array<Offer>;
}

/** The body of every refusal, `application/problem+json` (RFC 9457) with our members added. */
export interface Problem {
  /** A URN that names the error; it ends with the code. */
  type: string;
  /** The sentence that is the same for every occurrence. */
  title: string;
  /** The HTTP status, repeated. */
  status: number;
  /** The stable code to branch on. */
  code: ErrorCode;
  /** The sentence about this occurrence. */
  detail: string;
  /** What to do about it. */
  fix: string;
  /** The id under which the log has this request. */
  request_id: string;
  /** What is wrong field by field; absent when no field is. */
  errors?: Array<FieldError>;
  /** The other copy of the answers; with `revision_conflict` alone. */
  current?: SessionCopy | null;
  /** The answers that the refused save was made on, of the step that it named; with `revision_conflict` alone, where the save said so. */
  base?: Record<string, unknown> | null;
  /** What the manifest is made from by now; with an edit's `version_conflict` alone. */
  current_source?: ContextSource | null;
}

/** What the database knows about a person and the workspace that stands for them, as `verify_profile()` and `read_gate()` answer it. */
export interface ProfileFacts {
  /** Whether there is a profile row. */
  profile_exists: boolean;
  /** Whether an operator switched the account off. */
  account_disabled?: boolean;
  /** Whether there is a workspace that they belong to. */
  workspace_exists: boolean;
  /** Its id. */
  workspace_id?: string | null;
  /** Their role in it; absent for support, who read what its owner reads. */
  role?: MemberRole | null;
  /** Its plan. */
  plan?: Plan | null;
  /** The label on its subscription. */
  plan_status: SubscriptionStatus;
  /** Until when it may be used, derived from dates; absent when never. */
  access_until?: string | null;
  /** The end of what was paid for or tried, where it is known. */
  paid_until?: string | null;
  /** The end of the days of grace, where there are any. */
  grace_until?: string | null;
  /** How far onboarding has come. */
  onboarding_status: OnboardingStatus;
  /** The latest manifest, when there is one. */
  manifest?: ManifestHead | null;
}

/** How far the answers have come. */
export interface Progress {
  /** Required questions answered. */
  answered: number;
  /** Required questions. */
  required: number;
}

/** `GET /ready` */
export interface Ready {
  /** Always true: otherwise the answer is a 503 that names what is away. */
  ready: boolean;
  /** Whether PhonePe answers. Without it everything but paying works. */
  phonepe: boolean;
}

/** `POST /context/rebuild`. The body may be left out. */
export interface RebuildRequest {
  /** Whether to rebuild within an hour of the last time. */
  force?: boolean;
}

/** `POST /payments/v2/refund` */
export interface RefundRequest {
  /** Our order id. */
  order_id: string;
  /** In paise; left out when all that is left is meant. Only support may ask for a part. */
  amount?: number | null;
  /** Why, in 1 to 500 characters. */
  reason: string;
}

/** Money on its way back. */
export interface RefundView {
  /** Our id of the refund, the one to tell support. */
  refund_id: string;
  /** The order whose money goes back. */
  order_id: string;
  /** In paise. */
  amount: number;
  /** Where the money is. */
  status: RefundStatus;
  /** As whom it was asked for. */
  requested_as: RefundBy;
  /** Why, as it was asked for. */
  reason: string;
  /** PhonePe's id of it, once PhonePe has taken it. */
  provider_refund_id?: string | null;
  /** When it was asked for, RFC 3339 UTC. */
  created_at: string;
  /** While pending: when we ask PhonePe next, RFC 3339 UTC. */
  next_check_at?: string | null;
  /** When it ended, RFC 3339 UTC. */
  finished_at?: string | null;
}

/** A place where replaying a webhook makes a difference. */
export interface ReplayChange {
  /** Such as `order.status`. */
  path: string;
  /** What stands there. */
  before: unknown;
  /** What stands there afterwards. */
  after: unknown;
}

/** The body of `POST /operations/replay`. */
export interface ReplayRequest {
  /** An inbox id, or the id of an order or refund: the newest webhook about it. */
  about: string;
  /** Whether to apply it; otherwise nothing is changed. */
  apply?: boolean;
}

/** `POST /operations/replay` */
export interface Replayed {
  /** The webhook. */
  inbox_id: number;
  /** The order or refund that it speaks of, read from its body again. */
  about: string;
  /** Its event. */
  event: string;
  /** Where the state came from: PhonePe was asked just now. The body is a hint and decides nothing. */
  state_from: string;
  /** PhonePe's word for the state; empty when it has never heard of it. */
  state: string;
  /** What the database makes of it, such as `applied`, `unchanged` or `incident`. */
  outcome: string;
  /** Whether it was applied by this call. */
  applied: boolean;
  /** What applying it changes; nothing when it is settled already. */
  changes: Array<ReplayChange>;
}

/** `POST /context/restore` */
export interface RestoreRequest {
  /** The version to make current again, from 1. */
  version: number;
}

/** `DELETE /members/invitations/{invitation_id}` */
export interface Revoked {
  /** The invitation. */
  invitation_id: string;
  /** Whether this call did it; false for a repeat. */
  revoked: boolean;
}

/** The body of `PATCH /members/{user_id}`. */
export interface RoleRequest {
  /** `admin` or `member`. */
  role: string;
}

/** The other copy, for the one whose save was refused. */
export interface SessionCopy {
  /** Its revision; a save that names it in `If-Match` is taken. */
  revision: number;
  /** Its answers. */
  answers: Record<string, Answer>;
}

/** `PUT /onboarding/session` */
export interface SessionRequest {
  /** Field id → answer. What is not named is no longer answered. */
  answers: Record<string, Answer>;
}

/** `PUT /context/source` */
export interface SourceRequest {
  /** Field id → answer, all of them: what is not named is no longer answered. */
  answers: Record<string, Answer>;
}

/** `PATCH /onboarding/steps/{step}` */
export interface StepRequest {
  /** Field id → the answer that this tab had loaded or saved last; compared only when another tab saved meanwhile. Without it every field that `answers` names counts as changed by this tab. */
  base?: Record<string, Answer | null>;
  /** Field id → answer, of this step; null or empty takes the answer back. What is not named stays. */
  answers: Record<string, Answer | null>;
}

/** What a paid order bought. */
export interface SubscriptionView {
  /** The plan; absent when there is none. */
  plan?: Plan | null;
  /** The label. */
  status: SubscriptionStatus;
  /** RFC 3339 UTC. */
  current_period_end?: string | null;
  /** Until when there is access, RFC 3339 UTC. */
  access_until?: string | null;
}

/** `POST /context/suggestions` */
export interface SuggestRequest {
  /** 1 to 5 field ids. */
  fields: Array<string>;
}

/** One suggestion. */
export interface Suggestion {
  /** Its id. */
  id: string;
  /** The id of the field that it is for. */
  field: string;
  /** What is suggested, as the field takes it. Accepting does not save it: put it among the answers and save those. */
  answer: Answer;
  /** `open` until somebody decides. */
  state: SuggestionState;
  /** The model that said it. */
  model: string;
  /** RFC 3339 UTC. */
  created_at: string;
}

/** `GET /context/suggestions`, and the answer to asking for more. */
export interface Suggestions {
  /** The open ones; after asking, the new ones. */
  suggestions: Array<Suggestion>;
  /** Fields that were asked for and for which the model had nothing that can be used. */
  left_out?: Array<string>;
}

/** `GET /payments/v2/{order_id}/timeline` */
export interface Timeline {
  /** The order as it stands. */
  order: OrderView;
  /** What happened, the oldest first. */
  events: Array<TimelineEvent>;
  /** Its refunds, the oldest first. */
  refunds: Array<RefundView>;
  /** While something is pending: when we ask PhonePe next, RFC 3339 UTC. */
  next_check_at?: string | null;
  /** What support can do about it. */
  support: string;
}

/** One line of a timeline. */
export interface TimelineEvent {
  /** When, RFC 3339 UTC. */
  at: string;
  /** Who said so, such as "PhonePe's webhook". */
  source: string;
  /** What happened, as a sentence. */
  text: string;
}

/** Something that happens by itself if nobody does anything. */
export interface Upcoming {
  /** When, RFC 3339 UTC. */
  at: string;
  /** What, in a sentence. */
  message: string;
}

/** `GET /auth/verify-profile` */
export interface VerifyProfile {
  /** Whether nothing blocks the dashboard. */
  ready: boolean;
  /** Every condition, in order. */
  conditions: Array<ConditionView>;
  /** The person's workspace. */
  workspace_id?: string | null;
  /** Their role in it. */
  role?: MemberRole | null;
  /** Its plan. */
  plan?: Plan | null;
  /** The label on its subscription. */
  plan_status: SubscriptionStatus;
  /** Whether the plan gives no access now. */
  needs_payment: boolean;
  /** Until when there is access, RFC 3339 UTC. */
  access_until?: string | null;
  /** How far onboarding has come. */
  onboarding_status: OnboardingStatus;
  /** The latest manifest, without its content. */
  manifest?: ManifestHead | null;
  /** The one next action; absent when ready. */
  next?: NextAction | null;
  /** Why not, one for each unmet condition that blocks, in order; empty when ready. */
  errors: Array<ActionableError>;
}

/** `GET /context/diff` */
export interface VersionDiff {
  /** The version that is compared. */
  from: VersionHead;
  /** The version that it is compared with. */
  to: VersionHead;
  /** What differs, one sentence each; empty when the contents are equal. */
  changes: Array<Change>;
  /** JSON Patch (RFC 6902) from the one content to the other. */
  patch: Array<PatchStep>;
}

/** One version in the history. */
export interface VersionHead {
  /** Its number. */
  version: number;
  /** The version it came from; absent for the first. */
  parent_version?: number | null;
  /** SHA-256 of its canonical content, lower-case hex. */
  checksum: string;
  /** What caused it. */
  source: BcmSource;
  /** Estimated cl100k tokens of its content. */
  token_estimate: number;
  /** When it was made, RFC 3339 UTC. */
  generated_at: string;
}

/** `POST /api/webhooks/phonepe` */
export interface WebhookAnswer {
  /** Always true: it is stored. */
  received: boolean;
  /** Whether the same one had come before. */
  duplicate: boolean;
}

/** The answer to a write of the manifest after the first. */
export interface Written {
  /** False when the content equals the current version's: no new version was made. */
  created: boolean;
  /** The sentence that says what happened. */
  message: string;
  /** The manifest as it now is. */
  manifest: Manifest;
}
