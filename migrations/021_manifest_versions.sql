-- Manifest versions after the first: rebuild, import, restore, and two versions side by side.

alter table public.workspace_context add column if not exists last_rebuilt_at timestamptz;
comment on column public.workspace_context.last_rebuilt_at is
  'When a person last rebuilt the manifest, changed or not; the next rebuild waits an hour, unless forced.';

create or replace function private.expect_version(
  p_workspace_id uuid, p_expected_version integer, p_expected_edits integer
) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_version integer := (private.latest_manifest(p_workspace_id)).version;
  v_edits integer := coalesce((select c.edits from public.workspace_context c where c.workspace_id = p_workspace_id), 0);
begin
  if v_version is distinct from p_expected_version then
    perform private.fail('PT412', 'version_conflict', case when v_version is null then 'The workspace has no manifest yet.'
      else pg_catalog.format('The manifest is at version %s by now; read it and try again.', v_version) end);
  end if;
  if v_edits is distinct from p_expected_edits then
    perform private.fail('PT412', 'version_conflict', 'The answers were edited meanwhile; read them and try again.');
  end if;
end $$;
comment on function private.expect_version(uuid, integer, integer) is
  'Refuses when the current version, or the number of edits since it, is another one than the caller worked from.';

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
  'Stores a rebuilt or imported manifest as the next version; content equal to the current one makes none (created is false) and is confirmed. p_expected_version null takes whatever is current, and p_expected_edits counts the edits since it. Owners and admins.';

create or replace function public.store_rebuilt_manifest(
  p_workspace_id uuid, p_answers jsonb, p_business_context jsonb, p_content text, p_checksum text,
  p_token_estimate integer, p_meta jsonb, p_expected_version integer, p_request_id text, p_expected_edits integer default 0
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_content jsonb;
  v_stored jsonb;
begin
  perform from public.workspaces where id = p_workspace_id for no key update;
  if not found then
    perform private.fail('PT404', 'workspace_not_found', 'There is no such workspace.');
  end if;
  v_content := private.checked_manifest(p_answers, p_business_context, p_content, p_checksum, p_token_estimate, p_meta);
  if p_expected_version is null then
    perform private.fail('PT422', 'version_missing', 'Say which version was rebuilt; only a person makes the first one.');
  end if;
  perform private.expect_version(p_workspace_id, p_expected_version, p_expected_edits);
  v_stored := private.store_version(p_workspace_id, 'rebuild', p_answers, p_business_context, v_content, p_checksum,
    p_token_estimate, p_meta, false);
  if (v_stored ->> 'created')::boolean then
    perform private.audit(p_workspace_id, null, 'bcm.rebuilt', pg_catalog.jsonb_build_object(
      'version', v_stored -> 'version', 'checksum', p_checksum, 'created', true, 'source', 'rebuild', 'forced', false),
      p_request_id);
  end if;
  return v_stored;
end $$;
comment on function public.store_rebuilt_manifest(uuid, jsonb, jsonb, text, text, integer, jsonb, integer, text, integer) is
  'Stores what a scheduled rebuild made of version p_expected_version and of p_expected_edits edits since, unless there are others by now. Confirms nothing: freshness keeps counting from a person''s deed. Service key only.';

create or replace function public.restore_manifest(
  p_workspace_id uuid, p_version integer, p_request_id text default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_old public.business_context_manifests;
  v_stored jsonb;
begin
  perform private.lock_workspace(p_workspace_id, '{owner,admin}', 'restore a version');
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
  'Makes an older version current again, as a new version that names it in meta.restored_from. Content equal to the current one changes nothing (created is false). Answers the content and the answers too. Owners and admins.';

create or replace function public.read_versions_pair(p_workspace_id uuid, p_from integer, p_to integer) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_membership jsonb := public.read_membership(p_workspace_id);
  v_versions jsonb;
begin
  select pg_catalog.jsonb_object_agg(m.version, pg_catalog.jsonb_build_object('version', m.version,
    'parent_version', m.parent_version, 'checksum', m.checksum, 'source', m.source, 'token_estimate', m.token_estimate,
    'generated_at', private.rfc3339(m.created_at), 'content', m.content))
  into v_versions
  from public.business_context_manifests m where m.workspace_id = p_workspace_id and m.version in (p_from, p_to);
  if (v_versions -> p_from::text) is null or (v_versions -> p_to::text) is null then
    perform private.fail('PT404', 'version_not_found', 'The manifest has no such version.');
  end if;
  return pg_catalog.jsonb_build_object('membership', v_membership,
    'from', v_versions -> p_from::text, 'to', v_versions -> p_to::text);
end $$;
comment on function public.read_versions_pair(uuid, integer, integer) is
  'Two versions of a manifest, to compare them, with the caller''s membership. Any member.';

revoke all on function private.expect_version(uuid, integer, integer),
  public.store_manifest(uuid, text, jsonb, jsonb, text, text, integer, jsonb, integer, text, boolean, integer),
  public.store_rebuilt_manifest(uuid, jsonb, jsonb, text, text, integer, jsonb, integer, text, integer),
  public.restore_manifest(uuid, integer, text), public.read_versions_pair(uuid, integer, integer)
  from public, anon, authenticated;
grant execute on function
  public.store_manifest(uuid, text, jsonb, jsonb, text, text, integer, jsonb, integer, text, boolean, integer),
  public.restore_manifest(uuid, integer, text), public.read_versions_pair(uuid, integer, integer) to authenticated;
grant execute on function
  public.store_rebuilt_manifest(uuid, jsonb, jsonb, text, text, integer, jsonb, integer, text, integer) to service_role;
