-- What the gate asks: about the caller, and for support about any workspace. Facts only: the conditions are derived from
-- them by the one rule set in the core.

create or replace function private.gate_facts(p_workspace_id uuid, p_role text) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_sub public.subscriptions;
  v_context public.workspace_context;
  v_onboarding text;
  v_paid_until timestamptz;
begin
  select * into v_sub from public.subscriptions where workspace_id = p_workspace_id;
  v_sub := private.subscription_now(v_sub, pg_catalog.now());
  select * into v_context from public.workspace_context where workspace_id = p_workspace_id;
  -- A workspace is onboarded once, by whoever owns it, and for everybody in it.
  select u.onboarding_status into v_onboarding
  from public.workspaces w join public.users u on u.id = w.owner_id where w.id = p_workspace_id;
  v_paid_until := case when v_sub.status = 'trial' then v_sub.trial_end
    else coalesce(v_sub.next_period_end, v_sub.current_period_end, v_sub.trial_end) end;
  return pg_catalog.jsonb_build_object(
    'profile_exists', true,
    'workspace_exists', true,
    'workspace_id', p_workspace_id,
    'role', p_role,
    'plan', v_sub.plan,
    'plan_status', coalesce(v_sub.status, 'none'),
    'access_until', private.rfc3339(private.access_until(v_sub)),
    'paid_until', private.rfc3339(v_paid_until),
    'grace_until', private.rfc3339(
      case when v_sub.status = 'active' then v_paid_until + private.grace() else v_sub.grace_period_end end),
    'onboarding_status', coalesce(v_onboarding, 'pending'),
    'manifest', case when v_context.workspace_id is not null then pg_catalog.jsonb_build_object(
      'version', v_context.latest_version, 'confirmed_at', private.rfc3339(v_context.confirmed_at)) end);
end $$;
comment on function private.gate_facts(uuid, text) is
  'The facts of a workspace as the gate judges them; the caller has checked who may have them.';

create or replace function public.read_gate(p_workspace_id uuid default null) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_user public.users;
  v_workspace_id uuid;
  v_role text;
begin
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  select * into v_user from public.users where auth_user_id = auth.uid();
  if v_user.is_active then
    v_workspace_id := coalesce(p_workspace_id, private.own_workspace(v_user.id));
    select role into v_role from public.workspace_members
    where workspace_id = v_workspace_id and user_id = v_user.id and is_active;
    if v_role is not null then
      return private.gate_facts(v_workspace_id, v_role);
    end if;
    if p_workspace_id is not null then
      perform private.fail('PT404', 'workspace_not_found', 'There is no such workspace, or you are not a member of it.');
    end if;
  end if;
  return pg_catalog.jsonb_build_object(
    'profile_exists', v_user.id is not null,
    'account_disabled', v_user.id is not null and not v_user.is_active,
    'workspace_exists', false, 'plan_status', 'none', 'onboarding_status', 'pending');
end $$;
comment on function public.read_gate(uuid) is
  'The facts about the caller at the gate, in the named workspace or else in the one that stands for them. An outsider gets the same 404 as for a workspace that does not exist; makes and changes nothing.';

create or replace function public.explain_workspace(p_workspace_id uuid, p_actor uuid, p_request_id text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_role text;
begin
  perform from public.workspaces where id = p_workspace_id;
  if not found then
    perform private.fail('PT404', 'workspace_not_found', 'There is no such workspace.');
  end if;
  select m.role into v_role
  from public.workspace_members m join public.users u on u.id = m.user_id
  where m.workspace_id = p_workspace_id and u.auth_user_id = p_actor and u.is_active and m.is_active;
  -- Looking at one's own workspace is no deed; looking at somebody else's is.
  if v_role is null then
    perform private.audit(p_workspace_id, p_actor, 'auth.explained', '{}', p_request_id);
  end if;
  return private.gate_facts(p_workspace_id, v_role);
end $$;
comment on function public.explain_workspace(uuid, uuid, text) is
  'For support, whose right the Worker has checked: the gate''s facts of any workspace, with an audit row unless the actor belongs to it.';

create or replace function public.verify_profile() returns jsonb
language sql stable security invoker set search_path = '' as $$
  select public.read_gate()
$$;
comment on function public.verify_profile() is
  'read_gate() of the workspace that stands for the caller.';

create or replace function public.read_membership(p_workspace_id uuid) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_role text;
  v_subscription public.subscriptions;
begin
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  select m.role into v_role
  from public.workspace_members m join public.users u on u.id = m.user_id
  where m.workspace_id = p_workspace_id and u.auth_user_id = auth.uid() and u.is_active and m.is_active;
  if not found then
    perform private.fail('PT404', 'workspace_not_found', 'There is no such workspace, or you are not a member of it.');
  end if;
  select * into v_subscription from public.subscriptions where workspace_id = p_workspace_id;
  v_subscription := private.subscription_now(v_subscription, pg_catalog.now());
  return pg_catalog.jsonb_build_object(
    'role', v_role,
    'plan', v_subscription.plan,
    'access_until', private.rfc3339(private.access_until(v_subscription)));
end $$;
comment on function public.read_membership(uuid) is
  'What the caller may do in a workspace: {role, plan, access_until}. An outsider gets the same 404 as for a workspace that does not exist.';

-- The names that callers of the specification look for. Each is one call of a function above; new code uses those.

create or replace function public.ensure_profile_exists() returns jsonb
language sql volatile security invoker set search_path = '' as $$
  select public.ensure_profile()
$$;
comment on function public.ensure_profile_exists() is
  'Another name of ensure_profile(), which is the one to use: {user_id, workspace_id, role, created}.';

create or replace function public.create_workspace_if_missing() returns jsonb
language sql volatile security invoker set search_path = '' as $$
  select pg_catalog.jsonb_build_object('workspace_id', p -> 'workspace_id', 'created', p -> 'created')
  from public.ensure_profile() as p
$$;
comment on function public.create_workspace_if_missing() is
  'ensure_profile(), which is the one to use, answering {workspace_id, created} alone: a workspace is never made without its owner.';

create or replace function public.verify_profile_complete() returns jsonb
language sql stable security invoker set search_path = '' as $$
  select facts || pg_catalog.jsonb_build_object('needs_payment', needs_payment, 'complete',
    (facts ->> 'profile_exists')::boolean and (facts ->> 'workspace_exists')::boolean and not needs_payment)
  from (select public.verify_profile() as facts) as f,
    lateral (select coalesce((facts ->> 'access_until')::timestamptz <= pg_catalog.now(), true) as needs_payment) as n
$$;
comment on function public.verify_profile_complete() is
  'verify_profile(), which is the one to use, with two answers worked out: needs_payment, and complete, which is true when profile and workspace exist and access lasts. The gate asks for more.';

revoke all on function private.gate_facts(uuid, text), public.read_gate(uuid), public.explain_workspace(uuid, uuid, text),
  public.verify_profile(), public.read_membership(uuid), public.ensure_profile_exists(),
  public.create_workspace_if_missing(), public.verify_profile_complete() from public, anon, authenticated;
grant execute on function public.read_gate(uuid), public.verify_profile(), public.read_membership(uuid),
  public.ensure_profile_exists(), public.create_workspace_if_missing(), public.verify_profile_complete() to authenticated;
grant execute on function public.explain_workspace(uuid, uuid, text) to service_role;
