-- The versions of a manifest, page by page.

create or replace function public.manifest_history(p_workspace_id uuid, p_before integer, p_limit integer) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_limit integer := coalesce(p_limit, 20);
  v_versions jsonb;
  v_last integer;
begin
  perform public.read_membership(p_workspace_id);
  if v_limit not between 1 and 100 then
    perform private.fail('PT422', 'limit_out_of_range', 'The limit must be between 1 and 100.');
  end if;
  select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'version', m.version, 'parent_version', m.parent_version, 'checksum', m.checksum, 'source', m.source,
      'token_estimate', m.token_estimate, 'generated_at', private.rfc3339(m.created_at)) order by m.version desc), '[]'),
    min(m.version)
  into v_versions, v_last
  from (select * from public.business_context_manifests h
        where h.workspace_id = p_workspace_id and (p_before is null or h.version < p_before)
        order by h.version desc limit v_limit) as m;
  return pg_catalog.jsonb_build_object('versions', v_versions, 'next_before', case when exists (
    select from public.business_context_manifests h
    where h.workspace_id = p_workspace_id and h.version < v_last) then v_last end);
end $$;
comment on function public.manifest_history(uuid, integer, integer) is
  'Manifest versions of a workspace below p_before (null: from the newest), newest first, 1 to 100; next_before is the next page''s p_before, or null. Any member.';

revoke all on function public.manifest_history(uuid, integer, integer) from public, anon, authenticated;
grant execute on function public.manifest_history(uuid, integer, integer) to authenticated;
