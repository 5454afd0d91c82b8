//! The calls at the sandbox, one after the other, as somebody makes them who looks after an account.

use super::*;
use axum::body::{Body, to_bytes};
use leadmill_sandbox::{
    Access, FilterOptions, Options as Knobs, Role as Caller, Sandbox,
};
use std::slice::from_ref;
use tower::ServiceExt;

/// The sandbox in this process.
#[derive(Debug)]
struct Served(Sandbox);

#[async_trait]
impl Transport for Served {
    async fn send(
        &self,
        request: Request<Bytes>,
        _: Connection,
    ) -> Result<Response<Bytes>, TransportError> {
        let response = self.0.router().oneshot(request.map(Body::from)).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Ok(Response::from_parts(parts, body))
    }
}

fn serve(turn: impl FnOnce(&mut Knobs)) -> (Sandbox, Enrich) {
    let mut knobs = Knobs::default();
    (knobs.leads.people, knobs.leads.companies) = (500, 50);
    turn(&mut knobs);
    let sandbox = Sandbox::new(knobs);
    (sandbox.clone(), enrich(Arc::new(Served(sandbox))))
}

#[tokio::test(start_paused = true)]
async fn the_wallet_tells_whose_it_is_and_what_has_moved_it() {
    let (sandbox, enrich) = serve(|knobs| knobs.balance = 70);
    sandbox.top_up(30);
    let wallet = enrich.wallet().await.unwrap();
    assert_eq!(wallet.value.balance.as_u64(), Some(100));
    assert_eq!(wallet.value.currency, "credits");
    assert!(!wallet.signals.rates.is_empty(), "the limits are heard");
    let all = enrich.movements(1, 100, None).await.unwrap().value;
    assert_eq!(all.transactions[0].amount.as_i64(), Some(30), "the newest is first");
    assert_eq!(all.pagination.total, all.transactions.len() as u64);
    let topups = enrich.movements(1, 1, Some(Kind::Topup)).await.unwrap().value;
    assert_eq!(topups.transactions, all.transactions[..1]);
    let none = enrich.movements(1, 1, Some(Kind::Refund)).await.unwrap().value;
    assert_eq!((none.transactions, none.pagination.total), (vec![], 0));
    assert!(enrich.movements(1, 101, None).await.is_err(), "the sandbox has a limit");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_invited_is_listed_until_that_is_cancelled() {
    let (_, enrich) = serve(|_| ());
    let team = enrich.wallet().await.unwrap().value.organization_id;
    let members = enrich.members(&team).await.unwrap().value;
    assert_eq!(members.iter().filter(|member| member.name.is_none()).count(), 1);
    let invited =
        enrich.invite(&team, "eve@example.com", Role::Admin).await.unwrap().value;
    assert_eq!((&*invited.role, &*invited.status), ("admin", "pending"));
    let listed = enrich.invitations(&team).await.unwrap().value;
    assert_eq!(listed, from_ref(&invited));
    enrich.cancel(&team, &invited.id).await.unwrap();
    assert_eq!(enrich.invitations(&team).await.unwrap().value, []);
    let again = enrich.cancel(&team, &invited.id).await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::Gone);
    let foreign = enrich.members(&id("elsewhere")).await.unwrap_err();
    assert_eq!(foreign.kind, ErrorKind::Gone);
}

#[tokio::test(start_paused = true)]
async fn a_member_may_look_and_not_invite() {
    let (_, enrich) = serve(|knobs| knobs.team.caller = Caller::Member);
    let team = enrich.wallet().await.unwrap().value.organization_id;
    enrich.invitations(&team).await.unwrap();
    let refused =
        enrich.invite(&team, "eve@example.com", Role::Member).await.unwrap_err();
    assert_eq!((refused.kind, refused.status), (ErrorKind::Fatal, Some(403)));
}

#[tokio::test(start_paused = true)]
async fn filters_are_found_tried_and_kept() {
    for form in [FilterOptions::Lists, FilterOptions::Objects] {
        let (_, enrich) = serve(|knobs| knobs.leads.filter_options = form);
        let options = enrich.filter_options().await.unwrap().value;
        let level = options["jobLevel"].values[0].clone();
        assert_eq!(options["jobTitle"].values, Vec::<String>::new(), "free text");
        let is_told = form == FilterOptions::Objects;
        assert_eq!(options["jobLevel"].max_selections.is_some(), is_told, "{form:?}");
        let filters = object(json!({ "jobLevel": [level] }));
        let all = enrich.count_leads(&Filters::new(), None).await.unwrap().value.count;
        let some = enrich.count_leads(&filters, None).await.unwrap().value;
        assert!(0 < some.count && some.count < all, "{some:?} of {all}");
        let saved = enrich.save_search("chiefs", &filters).await.unwrap().value;
        assert_eq!(saved.filters, filters);
        assert_eq!(enrich.searches().await.unwrap().value, from_ref(&saved));
        enrich.delete_search(&saved.id).await.unwrap();
        assert_eq!(enrich.searches().await.unwrap().value, []);
    }
}

#[tokio::test(start_paused = true)]
async fn names_of_companies_are_suggested_up_to_a_limit() {
    let (_, enrich) = serve(|_| ());
    let many = enrich.suggest("an", 50).await.unwrap().value;
    assert!(many.len() > 2, "{many:?}");
    assert_eq!(enrich.suggest("an", 2).await.unwrap().value, many[..2]);
    let short = enrich.suggest("a", 2).await.unwrap_err();
    assert_eq!(short.kind, ErrorKind::Refused);
}

#[tokio::test(start_paused = true)]
async fn unknown_filters_are_refused() {
    let (_, enrich) = serve(|_| ());
    let filters = object(json!({ "shoeSize": [42] }));
    let counted = enrich.count_leads(&filters, None).await.unwrap_err();
    let saved = enrich.save_search("feet", &filters).await.unwrap_err();
    assert_eq!((counted.kind, saved.kind), (ErrorKind::Refused, ErrorKind::Refused));
    assert!(counted.detail.contains("shoeSize"), "{}", counted.detail);
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_followers_is_told_to_teams_with_access() {
    let (_, enrich) = serve(|knobs| knobs.followers.daily_limit = 900);
    let limit = enrich.follower_limit().await.unwrap().value;
    assert_eq!((&*limit.status, limit.daily_remaining), ("approved", Some(900)));
    let (_, enrich) = serve(|knobs| knobs.followers.access = Access::Pending);
    let limit = enrich.follower_limit().await.unwrap().value;
    assert_eq!((&*limit.status, limit.daily_remaining), ("pending", None));
}

#[tokio::test(start_paused = true)]
async fn nothing_of_it_costs_credits() {
    let (sandbox, enrich) = serve(|_| ());
    let before = enrich.wallet().await.unwrap().value.balance;
    for (errand, _) in REQUESTS {
        // Some are refused, since there is no team `t1`: that costs nothing either.
        _ = run(errand, &enrich).await;
    }
    assert_eq!(enrich.wallet().await.unwrap().value.balance, before);
    assert_eq!(sandbox.audit().throttled, 0);
}
