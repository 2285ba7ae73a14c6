-- What the current manifest was made from, to make it again.

create or replace function public.read_source(p_workspace_id uuid) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_membership jsonb := public.read_membership(p_workspace_id);
begin
  return pg_catalog.jsonb_build_object('membership', v_membership, 'source', private.source_of(p_workspace_id));
end $$;
comment on function public.read_source(uuid) is
  'The answers and the business context that the current manifest is made from by now, with the caller''s membership; source is null before the first onboarding. Any member.';

revoke all on function public.read_source(uuid) from public, anon, authenticated;
grant execute on function public.read_source(uuid) to authenticated;
