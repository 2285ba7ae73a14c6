-- The durable copy of an onboarding draft, behind the session in Redis.

create table if not exists public.onboarding_snapshots (
  workspace_id uuid primary key
    constraint onboarding_snapshots_workspace_id_fkey references public.workspaces (id) on delete cascade,
  revision integer not null constraint onboarding_snapshots_revision_check check (revision >= 1),
  state text not null default 'draft' constraint onboarding_snapshots_state_check check (state in ('draft', 'submitted')),
  answers jsonb not null,
  updated_at timestamptz not null default now()
);
comment on table public.onboarding_snapshots is
  'The answers of each workspace''s onboarding as last saved; replaced only by a newer revision, and never once submitted.';
select private.reset_access('public.onboarding_snapshots');
grant select on public.onboarding_snapshots to authenticated, service_role;
create policy "Members read the onboarding of their workspaces" on public.onboarding_snapshots
  for select to authenticated using (workspace_id in (select private.my_workspace_ids('{owner,admin,member}')));

create or replace function public.save_snapshot(
  p_workspace_id uuid, p_revision integer, p_state text, p_answers jsonb
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_role text;
  v_owner_id uuid;
  v_saved boolean;
  v_revision integer;
begin
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  v_role := public.read_membership(p_workspace_id) ->> 'role';
  if v_role not in ('owner', 'admin') then
    perform private.fail('PT403', 'role_not_allowed', 'Only an owner or an admin may edit the onboarding.');
  end if;
  if p_revision is null or p_revision < 1 then
    perform private.fail('PT422', 'revision_invalid', 'The revision must be a whole number from 1 up.');
  end if;
  if p_state is null or p_state not in ('draft', 'submitted') then
    perform private.fail('PT422', 'state_unknown', 'A session is draft or submitted.');
  end if;
  perform private.check_object(p_answers, 262144, 'answers');

  select owner_id into v_owner_id from public.workspaces where id = p_workspace_id for no key update;
  if not found then
    perform private.fail('PT404', 'workspace_not_found', 'There is no such workspace, or you are not a member of it.');
  end if;
  insert into public.onboarding_snapshots as s (workspace_id, revision, state, answers, updated_at)
  values (p_workspace_id, p_revision, p_state, p_answers, pg_catalog.clock_timestamp())
  on conflict (workspace_id) do update
    set revision = excluded.revision, state = excluded.state, answers = excluded.answers, updated_at = excluded.updated_at
    where s.revision < excluded.revision and s.state <> 'submitted';
  v_saved := found;
  if v_saved then
    update public.users set onboarding_status = 'in_progress'
    where id = v_owner_id and onboarding_status in ('pending', 'payment_confirmed', 'abandoned')
      and private.own_workspace(id) = p_workspace_id;
  end if;
  select revision into v_revision from public.onboarding_snapshots where workspace_id = p_workspace_id;
  return pg_catalog.jsonb_build_object('saved', v_saved, 'revision', v_revision);
end $$;
comment on function public.save_snapshot(uuid, integer, text, jsonb) is
  'Keeps the answers of an onboarding if the revision is newer and nothing was submitted; answers the revision that is kept. Owners and admins.';

create or replace function public.read_snapshot(p_workspace_id uuid) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_membership jsonb := public.read_membership(p_workspace_id);
begin
  return pg_catalog.jsonb_build_object('membership', v_membership, 'snapshot', (
    select pg_catalog.jsonb_build_object('revision', s.revision, 'state', s.state, 'answers', s.answers,
      'updated_at', private.rfc3339(s.updated_at))
    from public.onboarding_snapshots s where s.workspace_id = p_workspace_id));
end $$;
comment on function public.read_snapshot(uuid) is
  'The kept answers of a workspace''s onboarding, or null, with the caller''s membership; any member.';

revoke all on function public.save_snapshot(uuid, integer, text, jsonb), public.read_snapshot(uuid)
  from public, anon, authenticated;
grant execute on function public.save_snapshot(uuid, integer, text, jsonb), public.read_snapshot(uuid) to authenticated;

-- As before, and the snapshot becomes what was submitted in the same transaction.
create or replace function public.finalize_onboarding(
  p_workspace_id uuid, p_answers jsonb, p_business_context jsonb, p_content text, p_checksum text,
  p_token_estimate integer, p_meta jsonb, p_request_id text
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_role text;
  v_owner_id uuid;
  v_content jsonb;
  v_latest public.business_context_manifests;
  v_created boolean := false;
  v_now timestamptz;
begin
  -- 1. Who asks: 401, 404 for outsiders, 403 for members without the role.
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  v_role := public.read_membership(p_workspace_id) ->> 'role';
  if v_role not in ('owner', 'admin') then
    perform private.fail('PT403', 'role_not_allowed', 'Only an owner or an admin may submit the onboarding.');
  end if;

  -- 2. What they bring: 422.
  perform private.check_object(p_answers, 262144, 'answers');
  perform private.check_object(p_business_context, 262144, 'business_context');
  perform private.check_object(p_meta, 16384, 'meta');
  v_content := private.checked_content(p_content, p_checksum, p_token_estimate);
  if (p_meta -> 'token_estimate') is distinct from pg_catalog.to_jsonb(p_token_estimate)
     or pg_catalog.jsonb_typeof(p_meta -> 'dropped') is distinct from 'array'
     or pg_catalog.jsonb_typeof(p_meta -> 'missing') is distinct from 'array' then
    perform private.fail('PT422', 'meta_invalid',
      'The argument meta must have token_estimate, equal to the argument of that name, and the lists dropped and missing.');
  end if;

  -- 3. One writer per workspace from here on; versions are numbered under this lock.
  select owner_id into v_owner_id from public.workspaces where id = p_workspace_id for no key update;
  if not found then
    perform private.fail('PT404', 'workspace_not_found', 'There is no such workspace, or you are not a member of it.');
  end if;
  v_now := pg_catalog.clock_timestamp(); -- after the wait, so that confirmed_at never runs backwards
  select m.* into v_latest from public.business_context_manifests m
  where m.workspace_id = p_workspace_id order by m.version desc limit 1;

  -- 4. A new version only for new content; being submitted confirms the content either way.
  if v_latest.checksum is distinct from p_checksum then
    insert into public.business_context_manifests (workspace_id, version, parent_version, source, content, checksum,
      business_context, answers, token_estimate, meta, created_at)
    values (p_workspace_id, coalesce(v_latest.version, 0) + 1, v_latest.version, 'onboarding', v_content, p_checksum,
      p_business_context, p_answers, p_token_estimate, p_meta, v_now)
    returning * into v_latest;
    v_created := true;
  end if;
  insert into public.workspace_context (workspace_id, latest_version, confirmed_at)
  values (p_workspace_id, v_latest.version, v_now)
  on conflict (workspace_id) do update
    set latest_version = excluded.latest_version, confirmed_at = excluded.confirmed_at;

  -- Submitting is one-way: an autosave that arrives late must not reopen the draft. The snapshot may have been some
  -- saves behind, or missing; it becomes what was submitted, so that submitting again from it changes nothing.
  insert into public.onboarding_snapshots as s (workspace_id, revision, state, answers, updated_at)
  values (p_workspace_id, 1, 'submitted', p_answers, v_now)
  on conflict (workspace_id) do update
    set revision = s.revision + 1, state = 'submitted', answers = excluded.answers, updated_at = excluded.updated_at;

  -- 5. The owner is through, if this is the workspace that stands for them at the gate.
  update public.users set onboarding_status = 'completed'
  where id = v_owner_id and onboarding_status <> 'completed' and private.own_workspace(id) = p_workspace_id;

  perform private.audit(p_workspace_id, auth.uid(), 'onboarding.finalized',
    pg_catalog.jsonb_build_object('version', v_latest.version, 'checksum', p_checksum, 'created', v_created), p_request_id);

  return pg_catalog.jsonb_build_object(
    'version', v_latest.version, 'checksum', v_latest.checksum, 'created', v_created, 'source', v_latest.source,
    'meta', v_latest.meta, 'generated_at', private.rfc3339(v_latest.created_at), 'confirmed_at', private.rfc3339(v_now));
end $$;
