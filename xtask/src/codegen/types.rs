//! JSON Schemas of the wire types, by the names that the route table uses.

use gatehouse_core::api::{
    Checkout, ContextSource, EnsureProfile, ExportRequest, FinalizeRequest, Finalized, Health, History,
    InitRequest, Metrics, OnboardingSession, OpenApi, OrderView, Orders, Plans, Ready, RebuildRequest,
    RefundRequest, RefundView, ReplayRequest, Replayed, RestoreRequest, SessionRequest, SourceRequest,
    StepRequest, Timeline, VerifyProfile, VersionDiff, WebhookAnswer, Written,
};
use gatehouse_core::context::{Export, Manifest};
use gatehouse_core::error::Problem;
use gatehouse_core::gate::{GateAnswer, GateView};
use gatehouse_core::members::{
    AcceptRequest, Invitation, InviteRequest, Joined, MemberChanged, MemberRemoved, Members, Revoked,
    RoleRequest,
};
use gatehouse_core::suggestions::{DecideRequest, SuggestRequest, Suggestion, Suggestions};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// Every wire type's schema under its name, references pointing below `definitions_path`.
pub fn schemas(definitions_path: &str) -> Map<String, Value> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = definitions_path.to_owned().into();
    let mut generator = settings.into_generator();
    generator.subschema_for::<Health>();
    generator.subschema_for::<Ready>();
    generator.subschema_for::<Metrics>();
    generator.subschema_for::<OpenApi>();
    generator.subschema_for::<ReplayRequest>();
    generator.subschema_for::<Replayed>();
    generator.subschema_for::<EnsureProfile>();
    generator.subschema_for::<VerifyProfile>();
    generator.subschema_for::<GateAnswer>();
    generator.subschema_for::<GateView>();
    generator.subschema_for::<OnboardingSession>();
    generator.subschema_for::<SessionRequest>();
    generator.subschema_for::<StepRequest>();
    generator.subschema_for::<FinalizeRequest>();
    generator.subschema_for::<Finalized>();
    generator.subschema_for::<Manifest>();
    generator.subschema_for::<History>();
    generator.subschema_for::<VersionDiff>();
    generator.subschema_for::<ContextSource>();
    generator.subschema_for::<SourceRequest>();
    generator.subschema_for::<RestoreRequest>();
    generator.subschema_for::<RebuildRequest>();
    generator.subschema_for::<Written>();
    generator.subschema_for::<ExportRequest>();
    generator.subschema_for::<Export>();
    generator.subschema_for::<SuggestRequest>();
    generator.subschema_for::<Suggestions>();
    generator.subschema_for::<DecideRequest>();
    generator.subschema_for::<Suggestion>();
    generator.subschema_for::<Plans>();
    generator.subschema_for::<InitRequest>();
    generator.subschema_for::<Checkout>();
    generator.subschema_for::<OrderView>();
    generator.subschema_for::<Orders>();
    generator.subschema_for::<Timeline>();
    generator.subschema_for::<RefundRequest>();
    generator.subschema_for::<RefundView>();
    generator.subschema_for::<WebhookAnswer>();
    generator.subschema_for::<Members>();
    generator.subschema_for::<InviteRequest>();
    generator.subschema_for::<Invitation>();
    generator.subschema_for::<AcceptRequest>();
    generator.subschema_for::<Joined>();
    generator.subschema_for::<Revoked>();
    generator.subschema_for::<RoleRequest>();
    generator.subschema_for::<MemberChanged>();
    generator.subschema_for::<MemberRemoved>();
    generator.subschema_for::<Problem>();
    let mut definitions: Vec<_> = generator.take_definitions(true).into_iter().collect();
    definitions.sort_by(|(a, _), (b, _)| a.cmp(b));
    definitions.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_core::route;

    #[test]
    fn every_type_that_a_route_names_has_a_schema() {
        let schemas = schemas("/components/schemas");
        for route in route::routes() {
            for name in route.request.iter().chain([&route.response]) {
                assert!(schemas.contains_key(*name), "{} names {name}", route.path);
            }
        }
    }
}
