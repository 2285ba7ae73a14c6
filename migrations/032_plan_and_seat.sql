-- Writing needs a plan, and a seat of it: one rule, and every function that makes something new asks it behind the
-- workspace's lock, after the role. Reading, exporting, saving drafts, paying and looking after the team never ask it.
-- core/src/entitlement.rs is the same rule, and a test holds the two equal.

-- Facts as they are now and not as the transaction found them: whoever has just paid is let through at once.
create or replace function private.require_plan_and_seat(p_workspace_id uuid) returns public.plans
language plpgsql stable set search_path = '' as $$
declare
  v_now timestamptz := pg_catalog.clock_timestamp();
  v_sub public.subscriptions;
  v_offer public.plans;
  v_seat bigint;
begin
  select * into v_sub from public.subscriptions where workspace_id = p_workspace_id;
  v_sub := private.subscription_now(v_sub, v_now);
  if coalesce(private.access_until(v_sub) <= v_now, true) then
    perform private.fail('PT403', 'plan_required', 'This workspace has no plan at the moment; choose one and try again.');
  end if;
  -- A plan of the older ladder is in no price list: no row, and so no limit.
  select * into v_offer from public.plans where plan = v_sub.plan;
  -- Whoever accepts an invitation is no member yet, has no number, and is counted against the seats by that function.
  select numbered.seat into v_seat
  from (select m.user_id, pg_catalog.row_number() over (order by m.role = 'owner' desc, m.created_at, m.user_id) as seat
        from public.workspace_members m where m.workspace_id = p_workspace_id and m.is_active) numbered
    join public.users u on u.id = numbered.user_id
  where u.auth_user_id = auth.uid();
  if v_seat > v_offer.seats then
    perform private.fail('PT403', 'no_seat', pg_catalog.format(
      'This plan has %s, and others come before you, so you can read but not change anything. Ask %s for a seat.',
      case v_offer.seats when 1 then '1 seat' else v_offer.seats || ' seats' end,
      (select coalesce(nullif(pg_catalog.btrim(u.full_name), ''), u.email, 'the owner of the workspace')
       from public.workspaces w join public.users u on u.id = w.owner_id where w.id = p_workspace_id)));
  end if;
  return v_offer;
end $$;
comment on function private.require_plan_and_seat(uuid) is
  'What the plan of a workspace allows now, once the caller may write there: PT403 plan_required without access, PT403 no_seat for a member beyond the plan''s seats, which go to the owner first and then by date of joining. All limits are null for a plan of the older ladder. The caller holds the workspace''s lock.';

create or replace function private.current_offer(p_workspace_id uuid) returns public.plans
language sql stable set search_path = '' as $$
  select private.require_plan_and_seat(p_workspace_id)
$$;
comment on function private.current_offer(uuid) is
  'Another name of private.require_plan_and_seat(), which is the one to use.';

create or replace function public.finalize_onboarding(
  p_workspace_id uuid, p_answers jsonb, p_business_context jsonb, p_content text, p_checksum text,
  p_token_estimate integer, p_meta jsonb, p_request_id text, p_revision integer default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_content jsonb;
  v_stored jsonb;
  v_revision integer;
begin
  -- 1. Who asks, and one writer per workspace from here on. Answers of a session are not older than the snapshot: a cache
  -- that was away may not know what was saved or submitted meanwhile.
  perform private.lock_workspace(p_workspace_id, '{owner,admin}', 'submit the onboarding');
  perform private.require_plan_and_seat(p_workspace_id);
  if exists (select from public.onboarding_snapshots s where s.workspace_id = p_workspace_id and s.revision > p_revision
             and (s.state <> 'submitted' or s.answers <> p_answers)) then
    perform private.fail('PT412', 'revision_conflict', 'There are newer answers than those of this revision.');
  end if;
  -- 2. What they bring.
  v_content := private.checked_manifest(p_answers, p_business_context, p_content, p_checksum, p_token_estimate, p_meta);
  -- 3. A new version only for new content; being submitted confirms the content either way.
  v_stored := private.store_version(p_workspace_id, 'onboarding', p_answers, p_business_context, v_content, p_checksum,
    p_token_estimate, p_meta, true);

  -- 4. Submitting is one-way: an autosave that arrives late must not reopen the draft. The snapshot may have been some
  -- saves behind, or missing; it becomes what was submitted, so that submitting again from it changes nothing, not even
  -- the number, which would else rise above that of newer answers.
  insert into public.onboarding_snapshots as s (workspace_id, revision, state, answers, updated_at)
  values (p_workspace_id, coalesce(p_revision, 0) + 1, 'submitted', p_answers, pg_catalog.clock_timestamp())
  on conflict (workspace_id) do update
    set revision = case when s.state = 'submitted' and s.answers = excluded.answers and s.revision >= coalesce(p_revision, 0)
        then s.revision else greatest(s.revision, p_revision) + 1 end,
      state = 'submitted', answers = excluded.answers, updated_at = excluded.updated_at
  returning s.revision into v_revision;

  -- 5. The owner is through, if this is the workspace that stands for them at the gate.
  update public.users u set onboarding_status = 'completed'
  from public.workspaces w
  where w.id = p_workspace_id and u.id = w.owner_id and u.onboarding_status <> 'completed'
    and private.own_workspace(u.id) = p_workspace_id;

  perform private.audit(p_workspace_id, auth.uid(), 'onboarding.finalized', pg_catalog.jsonb_build_object(
    'version', v_stored -> 'version', 'checksum', p_checksum, 'created', v_stored -> 'created'), p_request_id);
  return v_stored || pg_catalog.jsonb_build_object('session_revision', v_revision);
end $$;
comment on function public.finalize_onboarding(uuid, jsonb, jsonb, text, text, integer, jsonb, text, integer) is
  'Stores the submitted onboarding as the next manifest version and marks the onboarding completed and its draft submitted, in one transaction. Content equal to the current version makes no new one; answers of a session older than the snapshot, by p_revision, are refused. Owners and admins, with a plan and a seat.';

create or replace function public.store_manifest(
  p_workspace_id uuid, p_source text, p_answers jsonb, p_business_context jsonb, p_content text, p_checksum text,
  p_token_estimate integer, p_meta jsonb, p_expected_version integer, p_request_id text, p_force boolean default false,
  p_expected_edits integer default 0
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_content jsonb;
  v_next timestamptz;
  v_stored jsonb;
begin
  -- 1. Who asks, and one writer per workspace from here on.
  perform private.lock_workspace(p_workspace_id, '{owner,admin}', 'rebuild the manifest');
  perform private.require_plan_and_seat(p_workspace_id);
  -- 2. What they bring.
  if p_source is null or p_source not in ('rebuild', 'import') then
    perform private.fail('PT422', 'source_unknown', 'The source must be rebuild or import.');
  end if;
  v_content := private.checked_manifest(p_answers, p_business_context, p_content, p_checksum, p_token_estimate, p_meta);
  if p_expected_version is not null then
    perform private.expect_version(p_workspace_id, p_expected_version, p_expected_edits);
  end if;
  -- 3. Not again so soon.
  select c.last_rebuilt_at + interval '1 hour' into v_next from public.workspace_context c
  where c.workspace_id = p_workspace_id;
  if p_source = 'rebuild' and p_force is not true and v_next > pg_catalog.clock_timestamp() then
    perform private.fail('PT429', 'rebuild_too_soon', pg_catalog.format(
      'The manifest was rebuilt within the last hour; rebuild again after %s, or force it.', private.rfc3339(v_next)));
  end if;
  -- 4. A person pressed it: that confirms the content, new or not.
  v_stored := private.store_version(p_workspace_id, p_source, p_answers, p_business_context, v_content, p_checksum,
    p_token_estimate, p_meta, true);
  if p_source = 'rebuild' then
    update public.workspace_context set last_rebuilt_at = confirmed_at where workspace_id = p_workspace_id;
  end if;
  perform private.audit(p_workspace_id, auth.uid(), 'bcm.rebuilt', pg_catalog.jsonb_build_object(
    'version', v_stored -> 'version', 'checksum', p_checksum, 'created', v_stored -> 'created', 'source', p_source,
    'forced', p_force is true), p_request_id);
  return v_stored;
end $$;
comment on function public.store_manifest(uuid, text, jsonb, jsonb, text, text, integer, jsonb, integer, text, boolean, integer) is
  'Stores a rebuilt or imported manifest as the next version; content equal to the current one makes none (created is false) and is confirmed. p_expected_version null takes whatever is current, and p_expected_edits counts the edits since it. Owners and admins, with a plan and a seat.';

create or replace function public.restore_manifest(
  p_workspace_id uuid, p_version integer, p_request_id text default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_old public.business_context_manifests;
  v_stored jsonb;
begin
  perform private.lock_workspace(p_workspace_id, '{owner,admin}', 'restore a version');
  perform private.require_plan_and_seat(p_workspace_id);
  select * into v_old from public.business_context_manifests
  where workspace_id = p_workspace_id and version = p_version;
  if not found then
    perform private.fail('PT404', 'version_not_found', 'The manifest has no such version.');
  end if;
  v_stored := private.store_version(p_workspace_id, 'restore', v_old.answers, v_old.business_context, v_old.content,
    v_old.checksum, v_old.token_estimate, v_old.meta || pg_catalog.jsonb_build_object('restored_from', p_version), true);
  if (v_stored ->> 'created')::boolean then
    v_stored := v_stored || pg_catalog.jsonb_build_object(
      'session_revision', private.keep_submitted(p_workspace_id, v_old.answers));
    perform private.audit(p_workspace_id, auth.uid(), 'bcm.restored', pg_catalog.jsonb_build_object(
      'version', v_stored -> 'version', 'restored_from', p_version, 'checksum', v_old.checksum), p_request_id);
  end if;
  return v_stored || pg_catalog.jsonb_build_object('content', v_old.content, 'answers', v_old.answers);
end $$;
comment on function public.restore_manifest(uuid, integer, text) is
  'Makes an older version current again, as a new version that names it in meta.restored_from. Content equal to the current one changes nothing (created is false). Answers the content and the answers too. Owners and admins, with a plan and a seat.';

create or replace function public.edit_source(
  p_workspace_id uuid, p_answers jsonb, p_business_context jsonb, p_content text, p_checksum text,
  p_token_estimate integer, p_meta jsonb, p_expected_version integer, p_expected_edits integer, p_request_id text
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_content jsonb;
  v_stored jsonb;
begin
  perform private.lock_workspace(p_workspace_id, '{owner,admin}', 'edit the answers');
  perform private.require_plan_and_seat(p_workspace_id);
  v_content := private.checked_manifest(p_answers, p_business_context, p_content, p_checksum, p_token_estimate, p_meta);
  if p_expected_version is null then
    perform private.fail('PT412', 'version_conflict', 'Say which version the edit was made on.');
  end if;
  perform private.expect_version(p_workspace_id, p_expected_version, p_expected_edits);
  -- A person edited it: that confirms the content, new or not, and is no rebuild that the next one would wait for.
  v_stored := private.store_version(p_workspace_id, 'rebuild', p_answers, p_business_context, v_content, p_checksum,
    p_token_estimate, p_meta, true);
  v_stored := v_stored || pg_catalog.jsonb_build_object(
    'session_revision', private.keep_submitted(p_workspace_id, p_answers));
  perform private.audit(p_workspace_id, auth.uid(), 'bcm.rebuilt', pg_catalog.jsonb_build_object(
    'version', v_stored -> 'version', 'checksum', p_checksum, 'created', v_stored -> 'created', 'source', 'rebuild',
    'edited', true, 'forced', false), p_request_id);
  return v_stored;
end $$;
comment on function public.edit_source(uuid, jsonb, jsonb, text, text, integer, jsonb, integer, integer, text) is
  'Stores edited answers with the manifest made of them, on the version and the number of edits that the editor saw. Content equal to the current one makes no version (created is false); the answers are kept beside it. Owners and admins, with a plan and a seat.';

revoke all on function private.require_plan_and_seat(uuid) from public, anon, authenticated;
