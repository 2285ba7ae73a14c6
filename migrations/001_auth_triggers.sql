-- From an account in auth.users to a profile with a workspace: at sign-up by a trigger, and at any later time by
-- ensure_profile(), which repairs whatever the trigger could not do.

create table if not exists public.signup_failures (
  id bigint generated always as identity primary key,
  auth_user_id uuid not null,
  sqlstate text not null,
  message text not null,
  created_at timestamptz not null default now(),
  healed_at timestamptz
);
create index if not exists signup_failures_open_idx on public.signup_failures (auth_user_id) where healed_at is null;
comment on table public.signup_failures is
  'Sign-ups whose profile could not be made at once. healed_at is set when ensure_profile() has made good. No foreign key: the record outlives the account.';
select private.reset_access('public.signup_failures');
grant select on public.signup_failures to service_role;
create policy "No client reads sign-up failures" on public.signup_failures
  for all to anon, authenticated using (false);

-- ASCII alone, so that a slug reads the same in a URL, a log and a mail. Accents are taken off their letters; a name in
-- another script, or of emoji, gets the neutral word. What makes a slug unique is its suffix, so 48 characters leave room.
create or replace function private.slugify(p_name text) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_slug text := pg_catalog.left(coalesce(p_name, ''), 255);
begin
  v_slug := pg_catalog.lower(pg_catalog.normalize(v_slug, 'NFKD') collate pg_catalog."und-x-icu");
  v_slug := pg_catalog.regexp_replace(v_slug, '[\u0300-\u036f\u200c\u200d]', '', 'g');
  v_slug := pg_catalog.translate(pg_catalog.replace(pg_catalog.replace(v_slug, 'ß', 'ss'), 'æ', 'ae'), 'øđłı', 'odli');
  v_slug := pg_catalog.regexp_replace(v_slug, '[^a-z0-9]+', '-', 'g');
  v_slug := pg_catalog.btrim(pg_catalog.left(pg_catalog.btrim(v_slug, '-'), 48), '-');
  return coalesce(nullif(v_slug, ''), 'workspace');
end $$;
comment on function private.slugify(text) is
  'A name as it stands in a URL: lower-case Latin letters and digits in words joined by single hyphens, at most 48 characters, never empty.';

create or replace function private.own_workspace(p_user_id uuid) returns uuid
language sql stable set search_path = '' as $$
  select w.id from public.workspaces w where w.owner_id = p_user_id order by w.created_at, w.id limit 1
$$;
comment on function private.own_workspace(uuid) is
  'The workspace that stands for a person at the gate: the oldest one they own. The argument is users.id.';

-- Called by the trigger and by ensure_profile(). The lock makes two first requests of one person take turns, so the
-- second one finds what the first one made.
create or replace function private.create_profile(p_auth_user_id uuid) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_account auth.users;
  v_user public.users;
  v_workspace_id uuid;
  v_full_name text;
  v_avatar_url text;
  v_title text;
  v_role text;
  v_made text[] := '{}';
begin
  perform pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended('gatehouse.profile:' || p_auth_user_id::text, 0));

  select * into v_account from auth.users where id = p_auth_user_id;
  if not found then
    perform private.fail('PT401', 'account_not_found', 'The account of this session no longer exists; sign in again.');
  end if;
  if coalesce(v_account.is_anonymous, false) then
    perform private.fail('PT403', 'anonymous_not_allowed',
      'An anonymous session has no profile; sign in with an e-mail address first.');
  end if;

  -- Metadata is written by the person's own browser: take it as text of unknown quality.
  v_full_name := nullif(pg_catalog.btrim(pg_catalog.left(pg_catalog.regexp_replace(
    coalesce(v_account.raw_user_meta_data ->> 'full_name', v_account.raw_user_meta_data ->> 'name', ''),
    '[[:cntrl:]]+', ' ', 'g'), 255)), '');
  v_avatar_url := v_account.raw_user_meta_data ->> 'avatar_url';

  select * into v_user from public.users where auth_user_id = p_auth_user_id;
  if not found then
    insert into public.users (auth_user_id, email, full_name, avatar_url)
    values (p_auth_user_id, nullif(v_account.email, ''), v_full_name,
            case when pg_catalog.char_length(v_avatar_url) <= 2048 and v_avatar_url ~ '^https?://[^[:space:]]+$'
              then v_avatar_url end)
    returning * into v_user;
    v_made := v_made || 'user'::text;
  elsif not v_user.is_active then
    perform private.fail('PT403', 'account_disabled', 'This account has been disabled; write to support.');
  elsif v_user.email is distinct from nullif(v_account.email, '') then
    update public.users set email = nullif(v_account.email, '') where id = v_user.id;
  end if;

  v_workspace_id := private.own_workspace(v_user.id);
  if v_workspace_id is null then
    v_title := coalesce(v_user.full_name, nullif(pg_catalog.split_part(coalesce(v_account.email, ''), '@', 1), ''));
    while v_workspace_id is null loop
      insert into public.workspaces (name, slug, owner_id)
      values (pg_catalog.left(coalesce(v_title || '''s workspace', 'My workspace'), 255),
              private.slugify(v_title) || '-' || pg_catalog.left(pg_catalog.gen_random_uuid()::text, 8), v_user.id)
      on conflict (slug) do nothing
      returning id into v_workspace_id;
    end loop;
    v_made := v_made || 'workspace'::text;
  end if;

  insert into public.workspace_members (workspace_id, user_id, role)
  values (v_workspace_id, v_user.id, 'owner')
  on conflict (workspace_id, user_id) do nothing
  returning role into v_role;
  if v_role is not null then
    v_made := v_made || 'membership'::text;
  else
    update public.workspace_members set role = 'owner', is_active = true
    where workspace_id = v_workspace_id and user_id = v_user.id and (role <> 'owner' or not is_active);
    if found then
      v_made := v_made || 'membership'::text;
    end if;
  end if;

  if v_made <> '{}' then
    perform private.audit(v_workspace_id, p_auth_user_id, 'auth.profile_created',
      pg_catalog.jsonb_build_object('made', v_made), null);
    update public.signup_failures set healed_at = pg_catalog.now()
    where auth_user_id = p_auth_user_id and healed_at is null;
  end if;

  return pg_catalog.jsonb_build_object(
    'user_id', v_user.id, 'workspace_id', v_workspace_id, 'role', 'owner', 'created', v_made <> '{}');
end $$;
comment on function private.create_profile(uuid) is
  'Makes whatever is missing of user row, own workspace and owner membership, and says what it found. The argument is the auth user id.';

create or replace function public.ensure_profile() returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
begin
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  return private.create_profile(auth.uid());
end $$;
comment on function public.ensure_profile() is
  'Makes or completes the profile of the caller, safe to call at every sign-in. Answers {user_id, workspace_id, role, created}.';

-- An error here would fail the insert into auth.users, and the person would read "Database error saving new user" with
-- no way on. So it is written down instead, and ensure_profile() repairs it at the first request.
-- "others" leaves out a statement that was cancelled and a failed assertion, so these are named. A lock that does not come
-- is given up, because the sign-up would otherwise wait for it until its own deadline.
create or replace function private.handle_new_auth_user() returns trigger
language plpgsql security definer set search_path = '' set lock_timeout = '2s' as $$
begin
  if not coalesce(new.is_anonymous, false) then
    perform private.create_profile(new.id);
  end if;
  return new;
exception when others or query_canceled or assert_failure then
  begin
    insert into public.signup_failures (auth_user_id, sqlstate, message) values (new.id, sqlstate, sqlerrm);
  exception when others or query_canceled then
    raise warning 'gatehouse: sign-up of % has no profile, and that could not be recorded: %', new.id, sqlerrm;
  end;
  return new;
end $$;
comment on function private.handle_new_auth_user() is
  'Trigger on auth.users: makes the profile of a new account and never lets the sign-up fail.';

revoke all on function public.ensure_profile(), private.slugify(text), private.own_workspace(uuid),
  private.create_profile(uuid), private.handle_new_auth_user() from public, anon, authenticated;
grant execute on function public.ensure_profile() to authenticated;

-- Two sign-up triggers of an older installation: together they made every sign-up fail. auth.users is not ours;
-- the hosted platform lets postgres drop triggers there all the same (supautils.drop_trigger_grants).
drop trigger if exists on_auth_user_created on auth.users;
drop trigger if exists trg_handle_new_auth_user on auth.users;
create or replace trigger gatehouse_profile_of_new_user after insert on auth.users
  for each row execute function private.handle_new_auth_user();
