-- The team of a workspace: inviting, joining, roles, leaving.

create table if not exists public.workspace_invitations (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null
    constraint workspace_invitations_workspace_id_fkey references public.workspaces (id) on delete cascade,
  email text not null constraint workspace_invitations_email_check
    check (email = lower(email) and char_length(email) <= 254 and email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
  role text not null constraint workspace_invitations_role_check check (role in ('admin', 'member')),
  token_sha256 text not null constraint workspace_invitations_token_sha256_key unique
    constraint workspace_invitations_token_sha256_check check (token_sha256 ~ '^[0-9a-f]{64}$'),
  invited_by uuid not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid,
  revoked_at timestamptz,
  constraint workspace_invitations_accepted_check check ((accepted_at is null) = (accepted_by is null))
);
create unique index if not exists workspace_invitations_open_idx
  on public.workspace_invitations (workspace_id, email) where accepted_at is null and revoked_at is null;
create index if not exists workspace_invitations_workspace_id_created_at_idx
  on public.workspace_invitations (workspace_id, created_at);
comment on table public.workspace_invitations is
  'Who was asked to join a workspace. The token is kept as its SHA-256 only; open until accepted, revoked or expired.';
comment on column public.workspace_invitations.invited_by is 'Auth user id, as is accepted_by.';

select private.reset_access('public.workspace_invitations');
grant select on public.workspace_invitations to service_role;
create policy "No client reads invitations; list_members() shows the open ones" on public.workspace_invitations
  for all to anon, authenticated using (false);

-- --------------------------------------------------------------------------------- what every writer asks first

-- The role is asked for twice: before the lock, so that an outsider cannot hold up a workspace, and behind it, because
-- whoever held it may have removed the caller.
create or replace function private.lock_workspace(p_workspace_id uuid, p_roles text[], p_deed text) returns text
language plpgsql volatile set search_path = '' as $$
declare
  v_role text;
begin
  for v_pass in 1..2 loop
    v_role := public.read_membership(p_workspace_id) ->> 'role';
    if v_role <> all (p_roles) then
      perform private.fail('PT403', 'role_not_allowed', pg_catalog.format('Only %s may %s.',
        case when p_roles = '{owner}' then 'the owner' else 'an owner or an admin' end, p_deed));
    end if;
    exit when v_pass = 2;
    perform from public.workspaces where id = p_workspace_id for no key update;
  end loop;
  return v_role;
end $$;
comment on function private.lock_workspace(uuid, text[], text) is
  'The caller''s role in a workspace, which is locked against other writers until the transaction ends; PT401, PT404 or PT403 when it is none of the given ones.';

create or replace function private.current_offer(p_workspace_id uuid) returns public.plans
language plpgsql stable set search_path = '' as $$
declare
  v_now timestamptz := pg_catalog.clock_timestamp();
  v_sub public.subscriptions;
  v_offer public.plans;
begin
  select * into v_sub from public.subscriptions where workspace_id = p_workspace_id;
  v_sub := private.subscription_now(v_sub, v_now);
  if private.access_until(v_sub) > v_now then
    -- A plan of the older ladder is in no price list: no row, and so no limit.
    select * into v_offer from public.plans where plan = v_sub.plan;
    return v_offer;
  end if;
  perform private.fail('PT403', 'plan_required', 'This workspace has no plan at the moment; choose one and try again.');
  return null;
end $$;
comment on function private.current_offer(uuid) is
  'What the plan of a workspace allows now; all limits null for a plan of the older ladder; PT403 plan_required without access.';

create or replace function private.member_count(p_workspace_id uuid) returns bigint
language sql stable set search_path = '' as $$
  select count(*) from public.workspace_members where workspace_id = p_workspace_id and is_active
$$;
comment on function private.member_count(uuid) is 'How many seats of a workspace are sat on.';

create or replace function private.no_seat(p_seats integer) returns void
language sql volatile set search_path = '' as $$
  select private.fail('PT409', 'plan_limit_reached',
    pg_catalog.format('The plan has %s seat(s), and all are taken or promised; choose a larger plan, or free one.', p_seats))
$$;
comment on function private.no_seat(integer) is 'Refuses because the seats of the plan are taken.';

-- ------------------------------------------------------------------------------------------------- invitations

create or replace function public.invite_member(
  p_workspace_id uuid, p_email text, p_role text, p_request_id text default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_email text := pg_catalog.lower(pg_catalog.btrim(p_email));
  v_offer public.plans;
  v_invitation public.workspace_invitations;
  v_now timestamptz;
  -- Three random UUIDs hold 366 random bits, of which the hash keeps 256.
  v_token text := pg_catalog.encode(pg_catalog.sha256(pg_catalog.uuid_send(gen_random_uuid())
    || pg_catalog.uuid_send(gen_random_uuid()) || pg_catalog.uuid_send(gen_random_uuid())), 'hex');
begin
  -- 1. Who asks, and for what.
  perform private.lock_workspace(p_workspace_id,
    case when p_role = 'admin' then array['owner'] else array['owner', 'admin'] end,
    case when p_role = 'admin' then 'invite an admin' else 'invite people' end);
  if p_role is null or p_role not in ('admin', 'member') then
    perform private.fail('PT422', 'role_unknown', 'People are invited as admin or member.');
  end if;
  if v_email is null or pg_catalog.char_length(v_email) > 254 or v_email !~ '^[^@[:space:]]+@[^@[:space:]]+$' then
    perform private.fail('PT422', 'email_invalid', 'Give one e-mail address, such as asha@example.in.');
  end if;
  v_now := pg_catalog.clock_timestamp();

  -- 2. Is there somebody to ask?
  if exists (select from public.workspace_members m join public.users u on u.id = m.user_id
             where m.workspace_id = p_workspace_id and m.is_active and pg_catalog.lower(u.email) = v_email) then
    perform private.fail('PT409', 'already_member', 'This person is a member already.');
  end if;
  update public.workspace_invitations set revoked_at = v_now
  where workspace_id = p_workspace_id and email = v_email and accepted_at is null and revoked_at is null
    and expires_at <= v_now;
  if exists (select from public.workspace_invitations where workspace_id = p_workspace_id and email = v_email
             and accepted_at is null and revoked_at is null) then
    perform private.fail('PT409', 'invitation_open',
      'This person has an open invitation; revoke it first to send a new link.');
  end if;

  -- 3. A seat for them. Without a bound a plan would be a way to write to strangers.
  v_offer := private.current_offer(p_workspace_id);
  if private.member_count(p_workspace_id) + (
       select count(*) from public.workspace_invitations where workspace_id = p_workspace_id
         and accepted_at is null and revoked_at is null and expires_at > v_now) >= (v_offer).seats then
    perform private.no_seat((v_offer).seats);
  end if;
  if (select count(*) >= 50 from public.workspace_invitations
      where workspace_id = p_workspace_id and created_at > v_now - interval '1 day') then
    perform private.fail('PT429', 'too_many_invitations', 'This workspace has sent 50 invitations today; try again tomorrow.');
  end if;

  insert into public.workspace_invitations (workspace_id, email, role, token_sha256, invited_by, created_at, expires_at)
  values (p_workspace_id, v_email, p_role,
    pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(v_token, 'UTF8')), 'hex'), auth.uid(), v_now,
    v_now + interval '168 hours')
  returning * into v_invitation;
  insert into public.email_outbox (idempotency_key, to_email, template, data)
  select 'invitation/' || v_invitation.id, v_email, 'invitation', pg_catalog.jsonb_build_object(
    'workspace_name', w.name, 'invited_by', u.full_name, 'role', p_role, 'token', v_token,
    'expires_at', private.rfc3339(v_invitation.expires_at))
  from public.workspaces w, public.users u where w.id = p_workspace_id and u.auth_user_id = auth.uid();
  perform private.audit(p_workspace_id, auth.uid(), 'member.invited',
    pg_catalog.jsonb_build_object('invitation_id', v_invitation.id, 'role', p_role), p_request_id);
  return pg_catalog.jsonb_build_object('invitation_id', v_invitation.id, 'email', v_email, 'role', p_role,
    'expires_at', private.rfc3339(v_invitation.expires_at), 'token', v_token);
end $$;
comment on function public.invite_member(uuid, text, text, text) is
  'Invites an e-mail address for 7 days and puts the e-mail with the link''s token into the outbox; the token is answered this once. Owners and admins; only the owner invites an admin.';

create or replace function public.accept_invitation(p_token text, p_request_id text default null) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_hash text := pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(p_token, 'UTF8')), 'hex');
  v_invitation public.workspace_invitations;
  v_account auth.users;
  v_user public.users;
  v_offer public.plans;
  v_role text;
  v_now timestamptz;
begin
  -- 1. Who asks. The token's hash is what is looked up, so a guess learns nothing from how long it takes.
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  select * into v_invitation from public.workspace_invitations where token_sha256 = v_hash;
  -- One writer per workspace, then the invitation as that writer left it.
  perform from public.workspaces where id = v_invitation.workspace_id for no key update;
  select * into v_invitation from public.workspace_invitations where token_sha256 = v_hash for update;
  if not found then
    perform private.fail('PT404', 'invitation_not_found', 'There is no such invitation; ask for a new link.');
  end if;
  v_now := pg_catalog.clock_timestamp();
  select * into v_account from auth.users where id = auth.uid();
  if pg_catalog.lower(v_account.email) is distinct from v_invitation.email then
    perform private.fail('PT403', 'invitation_for_another',
      'This invitation was sent to another e-mail address; sign in with that one.');
  end if;
  if v_account.email_confirmed_at is null then
    perform private.fail('PT403', 'email_unconfirmed', 'Confirm your e-mail address first, then open the link again.');
  end if;
  select * into v_user from public.users where auth_user_id = auth.uid();
  if not found then
    perform private.fail('PT404', 'profile_not_found', 'Your profile is not set up yet; call ensure_profile() first.');
  elsif not v_user.is_active then
    perform private.fail('PT403', 'account_disabled', 'This account has been disabled; write to support.');
  end if;

  -- 2. Is it still good? Opening the link twice is no mistake.
  select m.role into v_role from public.workspace_members m
  where m.workspace_id = v_invitation.workspace_id and m.user_id = v_user.id and m.is_active;
  if v_invitation.accepted_at is not null and (v_role is null or v_invitation.accepted_by <> auth.uid()) then
    perform private.fail('PT410', 'invitation_used', 'This invitation has been used; ask for a new one.');
  elsif v_invitation.revoked_at is not null then
    perform private.fail('PT410', 'invitation_revoked', 'This invitation was withdrawn; ask for a new one.');
  elsif v_invitation.accepted_at is null and v_invitation.expires_at <= v_now then
    perform private.fail('PT410', 'invitation_expired', 'This invitation has expired; ask for a new one.');
  end if;

  -- 3. Sit down, if there is a seat; whoever sits already keeps their role.
  if v_invitation.accepted_at is null then
    if v_role is null then
      v_offer := private.current_offer(v_invitation.workspace_id);
      if private.member_count(v_invitation.workspace_id) >= (v_offer).seats then
        perform private.no_seat((v_offer).seats);
      end if;
      insert into public.workspace_members (workspace_id, user_id, role)
      values (v_invitation.workspace_id, v_user.id, v_invitation.role)
      on conflict (workspace_id, user_id) do update set role = excluded.role, is_active = true;
      perform private.audit(v_invitation.workspace_id, auth.uid(), 'member.joined', pg_catalog.jsonb_build_object(
        'invitation_id', v_invitation.id, 'user_id', v_user.id, 'role', v_invitation.role), p_request_id);
    end if;
    update public.workspace_invitations set accepted_at = v_now, accepted_by = auth.uid() where id = v_invitation.id;
  end if;
  return pg_catalog.jsonb_build_object('workspace_id', v_invitation.workspace_id,
    'workspace_name', (select w.name from public.workspaces w where w.id = v_invitation.workspace_id),
    'role', coalesce(v_role, v_invitation.role), 'joined', v_role is null, 'auth_user_id', auth.uid());
end $$;
comment on function public.accept_invitation(text, text) is
  'Makes the caller a member, if the invitation went to their confirmed e-mail address and a seat is free. Safe to repeat; a former member is one again.';

create or replace function public.revoke_invitation(
  p_workspace_id uuid, p_invitation_id uuid, p_request_id text default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_invitation public.workspace_invitations;
begin
  perform private.lock_workspace(p_workspace_id, '{owner,admin}', 'withdraw an invitation');
  select * into v_invitation from public.workspace_invitations
  where id = p_invitation_id and workspace_id = p_workspace_id for update;
  if not found then
    perform private.fail('PT404', 'invitation_not_found', 'There is no such invitation in this workspace.');
  elsif v_invitation.accepted_at is not null then
    perform private.fail('PT410', 'invitation_used', 'This person has joined already; remove the member instead.');
  end if;
  if v_invitation.revoked_at is null then
    update public.workspace_invitations set revoked_at = pg_catalog.clock_timestamp() where id = p_invitation_id;
    -- A link that no longer works is not worth sending.
    update public.email_outbox set state = 'failed', next_attempt_at = null, finished_at = pg_catalog.now(),
      last_error = 'the invitation was withdrawn', data = data - 'token'
    where idempotency_key = 'invitation/' || p_invitation_id and state = 'pending';
    perform private.audit(p_workspace_id, auth.uid(), 'member.invitation_revoked',
      pg_catalog.jsonb_build_object('invitation_id', p_invitation_id), p_request_id);
  end if;
  return pg_catalog.jsonb_build_object('invitation_id', p_invitation_id, 'revoked', v_invitation.revoked_at is null);
end $$;
comment on function public.revoke_invitation(uuid, uuid, text) is
  'Withdraws an invitation that nobody has accepted. Safe to repeat. Owners and admins.';

-- ----------------------------------------------------------------------------------------------------- members

-- Definer, because people see no profile but their own: names go to every member, addresses to owner and admins.
create or replace function public.list_members(p_workspace_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_sees_all boolean := public.read_membership(p_workspace_id) ->> 'role' in ('owner', 'admin');
begin
  return pg_catalog.jsonb_build_object(
    'members', (
      select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('user_id', u.id, 'full_name', u.full_name,
          'avatar_url', u.avatar_url, 'email', case when v_sees_all then u.email end, 'role', m.role,
          'is_you', u.auth_user_id = auth.uid(), 'joined_at', private.rfc3339(m.created_at)) order by m.created_at, u.id)
      from public.workspace_members m join public.users u on u.id = m.user_id
      where m.workspace_id = p_workspace_id and m.is_active),
    'invitations', case when v_sees_all then (
      select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('invitation_id', i.id, 'email', i.email,
          'role', i.role, 'expires_at', private.rfc3339(i.expires_at)) order by i.created_at, i.id), '[]')
      from public.workspace_invitations i
      where i.workspace_id = p_workspace_id and i.accepted_at is null and i.revoked_at is null
        and i.expires_at > pg_catalog.now()) end);
end $$;
comment on function public.list_members(uuid) is
  'The people of a workspace, for any member; e-mail addresses and open invitations (otherwise null) for owner and admins.';

create or replace function private.active_member(p_workspace_id uuid, p_user_id uuid) returns public.workspace_members
language plpgsql stable set search_path = '' as $$
declare
  v_member public.workspace_members;
begin
  select * into v_member from public.workspace_members
  where workspace_id = p_workspace_id and user_id = p_user_id and is_active;
  if not found then
    perform private.fail('PT404', 'member_not_found', 'There is no such member in this workspace.');
  elsif v_member.role = 'owner' then
    perform private.fail('PT409', 'owner_stays', 'The owner of a workspace can neither leave it nor take on another role.');
  end if;
  return v_member;
end $$;
comment on function private.active_member(uuid, uuid) is
  'A member who can be changed or removed: PT404 when there is none, PT409 for the owner.';

create or replace function public.set_member_role(
  p_workspace_id uuid, p_user_id uuid, p_role text, p_request_id text default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_member public.workspace_members;
begin
  perform private.lock_workspace(p_workspace_id, '{owner}', 'change roles');
  if p_role is null or p_role not in ('admin', 'member') then
    perform private.fail('PT422', 'role_unknown', 'A member is admin or member; there is one owner.');
  end if;
  v_member := private.active_member(p_workspace_id, p_user_id);
  if (v_member).role <> p_role then
    update public.workspace_members set role = p_role where id = (v_member).id;
    perform private.audit(p_workspace_id, auth.uid(), 'member.role_changed', pg_catalog.jsonb_build_object(
      'user_id', p_user_id, 'from', (v_member).role, 'to', p_role), p_request_id);
  end if;
  return pg_catalog.jsonb_build_object('user_id', p_user_id, 'role', p_role, 'changed', (v_member).role <> p_role,
    'auth_user_id', (select u.auth_user_id from public.users u where u.id = p_user_id));
end $$;
comment on function public.set_member_role(uuid, uuid, text, text) is
  'Makes a member an admin or an admin a member. p_user_id is users.id; the answer''s auth_user_id says whose cached membership is old now. The owner.';

create or replace function public.remove_member(
  p_workspace_id uuid, p_user_id uuid, p_request_id text default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_role text := private.lock_workspace(p_workspace_id, '{owner,admin,member}', 'remove people');
  v_member public.workspace_members;
  v_auth_user_id uuid;
begin
  select u.auth_user_id into v_auth_user_id from public.users u where u.id = p_user_id;
  if v_role = 'member' and v_auth_user_id is distinct from auth.uid() then
    perform private.fail('PT403', 'role_not_allowed', 'Only an owner or an admin may remove somebody else.');
  end if;
  v_member := private.active_member(p_workspace_id, p_user_id);
  if v_role = 'admin' and (v_member).role = 'admin' and v_auth_user_id is distinct from auth.uid() then
    perform private.fail('PT403', 'role_not_allowed', 'Only the owner may remove an admin.');
  end if;
  update public.workspace_members set is_active = false where id = (v_member).id;
  perform private.audit(p_workspace_id, auth.uid(), 'member.removed', pg_catalog.jsonb_build_object(
    'user_id', p_user_id, 'role', (v_member).role, 'left', v_auth_user_id = auth.uid()), p_request_id);
  return pg_catalog.jsonb_build_object('user_id', p_user_id, 'auth_user_id', v_auth_user_id, 'removed', true);
end $$;
comment on function public.remove_member(uuid, uuid, text) is
  'Ends a membership; the row stays as history. The owner removes anybody else, an admin removes members, and anybody but the owner may leave. auth_user_id says whose cached membership is to be dropped.';

revoke all on function private.lock_workspace(uuid, text[], text), private.current_offer(uuid),
  private.member_count(uuid), private.no_seat(integer), private.active_member(uuid, uuid),
  public.invite_member(uuid, text, text, text), public.accept_invitation(text, text),
  public.revoke_invitation(uuid, uuid, text), public.list_members(uuid),
  public.set_member_role(uuid, uuid, text, text), public.remove_member(uuid, uuid, text)
  from public, anon, authenticated;
grant execute on function public.invite_member(uuid, text, text, text), public.accept_invitation(text, text),
  public.revoke_invitation(uuid, uuid, text), public.list_members(uuid),
  public.set_member_role(uuid, uuid, text, text), public.remove_member(uuid, uuid, text) to authenticated;
