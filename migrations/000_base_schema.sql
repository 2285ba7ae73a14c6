-- People, workspaces and memberships: what every later file stands on.
--
-- An older installation may already hold tables of these names, with other columns and with policies that let everyone
-- in. So nothing here trusts `if not exists` alone: missing columns are added, constraints are put in place by name, and
-- every policy and client grant on a table of ours is removed before ours are made.

-- ------------------------------------------------------------------------------------------------ private helpers

create schema if not exists private;
comment on schema private is
  'Helpers that no API reaches: PostgREST exposes the schema public alone.';

-- Row-level security runs with the caller's rights, so the caller must be able to name the helpers it is granted below.
revoke all on schema private from public;
grant usage on schema private to authenticated, service_role;

-- The hosted platform hands every new object of `public` to its client roles. Take that back for what comes later;
-- what exists is revoked object by object, because defaults never reach backwards.
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema public revoke all on functions from anon, authenticated;

create or replace function private.reset_access(p_table regclass) returns void
language plpgsql set search_path = '' as $$
declare
  v_policy name;
begin
  for v_policy in select polname from pg_catalog.pg_policy where polrelid = p_table loop
    execute pg_catalog.format('drop policy %I on %s', v_policy, p_table);
  end loop;
  execute pg_catalog.format('alter table %s enable row level security', p_table);
  execute pg_catalog.format('revoke all on table %s from public, anon, authenticated, service_role', p_table);
end $$;
comment on function private.reset_access(regclass) is
  'Turns row-level security on and removes every policy and grant of a table, so that the lines after the call are all there is. Migrations call it, nobody else.';

create or replace function private.fail(p_state text, p_code text, p_detail text) returns void
language plpgsql set search_path = '' as $$
begin
  raise exception using errcode = p_state, message = p_code, detail = p_detail;
end $$;
comment on function private.fail(text, text, text) is
  'Raises an error the Worker can branch on: SQLSTATE PTnnn (which PostgREST turns into HTTP nnn), a stable snake_case code as message, a sentence as detail.';

create or replace function private.rfc3339(p_at timestamptz) returns text
language sql immutable parallel safe set search_path = '' as $$
  select pg_catalog.to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
comment on function private.rfc3339(timestamptz) is
  'An instant as the API writes it: RFC 3339 in UTC, milliseconds, ending in Z.';

-- The row is rebuilt from JSON so that a table without the column is left alone instead of failing its every update.
create or replace function private.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  return pg_catalog.jsonb_populate_record(new, pg_catalog.jsonb_build_object('updated_at', pg_catalog.now()));
end $$;
comment on function private.touch_updated_at() is
  'Trigger: stamps updated_at. Cannot fail, not even on a table that has no such column.';

create or replace function private.forbid_change() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.fail('PT409', 'append_only',
    pg_catalog.format('Rows of %I are never changed or removed; insert a new one instead.', tg_table_name));
  return null;
end $$;
comment on function private.forbid_change() is 'Trigger: refuses the statement. For append-only tables.';

-- ------------------------------------------------------------------------------------- rows of an older installation

create table if not exists private.legacy_values (
  table_name text not null,
  row_id uuid not null,
  column_name text not null,
  value text not null,
  primary key (table_name, row_id, column_name)
);
comment on table private.legacy_values is
  'Values of an older installation that no column here may hold, kept when their row was adopted with another value.';

create or replace function private.adopt_values(p_table regclass, p_column name, p_valid text, p_instead text) returns void
language plpgsql set search_path = '' as $$
begin
  execute pg_catalog.format(
    'insert into private.legacy_values select %L, id, %L, %I::text from %s where not (%s) on conflict do nothing',
    p_table, p_column, p_column, p_table, p_valid);
  execute pg_catalog.format('update %s set %I = %L where not (%s)', p_table, p_column, p_instead, p_valid);
  if p_instead is not null then
    execute pg_catalog.format('update %s set %I = %L where %I is null', p_table, p_column, p_instead, p_column);
  end if;
end $$;
comment on function private.adopt_values(regclass, name, text, text) is
  'Before a constraint is put on an older column: the values for which p_valid is false are kept in legacy_values; they, and nulls, become p_instead. Migrations call it, nobody else.';

-- A foreign key without an action would stop a person of the older installation from deleting their account.
create or replace function private.close_legacy(p_table regclass) returns void
language plpgsql set search_path = '' as $$
declare
  v_key record;
begin
  perform private.reset_access(p_table);
  for v_key in
    select conname, pg_catalog.pg_get_constraintdef(oid) as definition from pg_catalog.pg_constraint
    where conrelid = p_table and contype = 'f' and confdeltype in ('a', 'r')
  loop
    execute pg_catalog.format('alter table %s drop constraint %I', p_table, v_key.conname);
    execute pg_catalog.format('alter table %s add constraint %I %s', p_table, v_key.conname,
      pg_catalog.regexp_replace(pg_catalog.replace(v_key.definition, ' ON DELETE RESTRICT', ''),
        '(REFERENCES [^(]+\([^)]+\)( MATCH FULL)?)', '\1 ON DELETE CASCADE'));
  end loop;
end $$;
comment on function private.close_legacy(regclass) is
  'Takes every client''s access to a table of an older installation away; its rows stay as they are and go with the person or workspace they point to. Migrations call it, nobody else.';

create or replace function private.set_aside(p_table name, p_mark name) returns void
language plpgsql set search_path = '' as $$
declare
  v_table regclass := pg_catalog.to_regclass('public.' || pg_catalog.quote_ident(p_table));
begin
  if v_table is null or exists (select from pg_catalog.pg_attribute where attrelid = v_table and attname = p_mark) then
    return;
  end if;
  execute pg_catalog.format('alter table public.%I rename to %I', p_table, p_table || '_legacy');
  perform private.close_legacy(v_table);
  execute pg_catalog.format('comment on table public.%I is %L', p_table || '_legacy',
    pg_catalog.format('Rows of %s of the older installation, kept as they were. No client reads them.', p_table));
end $$;
comment on function private.set_aside(name, name) is
  'Renames a table of an older installation to …_legacy and closes it, if it is there without the column by which ours is known. Migrations call it, nobody else.';

revoke all on all functions in schema private from public, anon, authenticated;
grant execute on function private.rfc3339(timestamptz), private.fail(text, text, text) to authenticated, service_role;

-- ------------------------------------------------------------------------------------------------------------ users

create table if not exists public.users (id uuid primary key default gen_random_uuid());
alter table public.users
  add column if not exists auth_user_id uuid not null,
  add column if not exists email text,
  add column if not exists full_name text,
  add column if not exists avatar_url text,
  add column if not exists is_active boolean not null default true,
  add column if not exists created_at timestamptz not null default now(),
  add column if not exists updated_at timestamptz not null default now(),
  drop constraint if exists users_email_key,
  drop constraint if exists users_auth_user_id_key,
  drop constraint if exists users_auth_user_id_fkey,
  drop constraint if exists users_full_name_check,
  drop constraint if exists users_avatar_url_check;
-- An older installation has these nullable, and pictures of any text. Unknown means that nobody ever switched it off.
select private.adopt_values('public.users', 'is_active', 'true', 'true');
select private.adopt_values('public.users', 'created_at', 'true', now()::text);
select private.adopt_values('public.users', 'full_name', 'char_length(full_name) <= 255', null);
select private.adopt_values('public.users', 'avatar_url',
  $$char_length(avatar_url) <= 2048 and avatar_url ~ '^https?://'$$, null);
alter table public.users
  alter column is_active set not null,
  alter column is_active set default true,
  alter column created_at set not null,
  -- A person may sign up by phone, and two identity providers may report the same address for two accounts.
  alter column email drop not null,
  add constraint users_auth_user_id_key unique (auth_user_id),
  add constraint users_auth_user_id_fkey foreign key (auth_user_id) references auth.users (id) on delete cascade,
  add constraint users_full_name_check check (char_length(full_name) <= 255),
  add constraint users_avatar_url_check check (char_length(avatar_url) <= 2048 and avatar_url ~ '^https?://');
comment on table public.users is
  'One row per person. id is the id inside this product; auth_user_id is the id in tokens (auth.uid()). The two are never compared.';

-- ------------------------------------------------------------------------------------------------------- workspaces

create table if not exists public.workspaces (id uuid primary key default gen_random_uuid());
alter table public.workspaces
  add column if not exists name text not null,
  add column if not exists slug text not null,
  add column if not exists owner_id uuid not null,
  add column if not exists created_at timestamptz not null default now(),
  add column if not exists updated_at timestamptz not null default now(),
  drop constraint if exists workspaces_slug_key,
  drop constraint if exists workspaces_owner_id_fkey,
  drop constraint if exists workspaces_name_check;
select private.adopt_values('public.workspaces', 'created_at', 'true', now()::text);
select private.adopt_values('public.workspaces', 'name', 'char_length(name) between 1 and 255', 'My workspace');
alter table public.workspaces
  alter column created_at set not null,
  add constraint workspaces_slug_key unique (slug),
  add constraint workspaces_owner_id_fkey foreign key (owner_id) references public.users (id) on delete cascade,
  add constraint workspaces_name_check check (char_length(name) between 1 and 255);
create index if not exists workspaces_owner_id_created_at_idx on public.workspaces (owner_id, created_at, id);
comment on table public.workspaces is
  'The tenant: every other row of the product belongs to one. owner_id is users.id. Deleted with its owner.';

-- ------------------------------------------------------------------------------------------------ workspace members

create table if not exists public.workspace_members (id uuid primary key default gen_random_uuid());
alter table public.workspace_members
  add column if not exists workspace_id uuid not null,
  add column if not exists user_id uuid not null,
  add column if not exists role text not null default 'member',
  add column if not exists is_active boolean not null default true,
  add column if not exists created_at timestamptz not null default now(),
  add column if not exists updated_at timestamptz not null default now(),
  drop constraint if exists workspace_members_workspace_id_user_id_key,
  drop constraint if exists workspace_members_workspace_id_fkey,
  drop constraint if exists workspace_members_user_id_fkey,
  drop constraint if exists workspace_members_role_check;
-- A role that we do not know becomes the least of ours.
select private.adopt_values('public.workspace_members', 'is_active', 'true', 'true');
select private.adopt_values('public.workspace_members', 'role', $$role in ('owner', 'admin', 'member')$$, 'member');
alter table public.workspace_members
  alter column is_active set not null,
  alter column is_active set default true,
  alter column role set not null,
  alter column role set default 'member',
  add constraint workspace_members_workspace_id_user_id_key unique (workspace_id, user_id),
  add constraint workspace_members_workspace_id_fkey
    foreign key (workspace_id) references public.workspaces (id) on delete cascade,
  add constraint workspace_members_user_id_fkey foreign key (user_id) references public.users (id) on delete cascade,
  add constraint workspace_members_role_check check (role in ('owner', 'admin', 'member'));
create index if not exists workspace_members_user_id_idx on public.workspace_members (user_id);
comment on table public.workspace_members is 'Who may act in a workspace, and as what. user_id is users.id.';

-- A set, not a yes-or-no per row: a policy that says `workspace_id = any (array(select …))` asks once per statement, and
-- finds the rows by their index; `in (select …)` reads the whole table whatever it finds. Security definer, because a
-- policy on workspace_members that read workspace_members itself would recurse without end.
create or replace function private.my_workspace_ids(p_roles text[]) returns setof uuid
language sql stable security definer set search_path = '' as $$
  select m.workspace_id
  from public.workspace_members m
  join public.users u on u.id = m.user_id
  where u.auth_user_id = (select auth.uid()) and u.is_active and m.is_active and m.role = any (p_roles)
$$;
comment on function private.my_workspace_ids(text[]) is
  'The workspaces in which the caller holds one of the given roles. The only membership test that policies use.';
revoke all on function private.my_workspace_ids(text[]) from public, anon, authenticated;
grant execute on function private.my_workspace_ids(text[]) to authenticated;

-- ------------------------------------------------------------------------------------------------ triggers and access

create or replace trigger touch_updated_at before update on public.users
  for each row execute function private.touch_updated_at();
create or replace trigger touch_updated_at before update on public.workspaces
  for each row execute function private.touch_updated_at();
create or replace trigger touch_updated_at before update on public.workspace_members
  for each row execute function private.touch_updated_at();

select private.reset_access('public.users');
grant select on public.users to authenticated;
grant update (full_name, avatar_url) on public.users to authenticated;
grant select, insert, update, delete on public.users to service_role;
create policy "People see their own profile" on public.users
  for select to authenticated using (auth_user_id = (select auth.uid()));
create policy "People edit their own profile" on public.users
  for update to authenticated
  using (auth_user_id = (select auth.uid())) with check (auth_user_id = (select auth.uid()));

select private.reset_access('public.workspaces');
grant select on public.workspaces to authenticated;
grant select, insert, update, delete on public.workspaces to service_role;
create policy "Members see their workspaces" on public.workspaces
  for select to authenticated using (id = any (array(select private.my_workspace_ids('{owner,admin,member}'))));

select private.reset_access('public.workspace_members');
grant select on public.workspace_members to authenticated;
grant select, insert, update, delete on public.workspace_members to service_role;
create policy "Members see who belongs to their workspaces" on public.workspace_members
  for select to authenticated using (workspace_id = any (array(select private.my_workspace_ids('{owner,admin,member}'))));
