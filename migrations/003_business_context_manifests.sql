-- Every version of every workspace's manifest, with the source it was made from, and which version is current.

-- An older installation spread its manifests over many columns and let members rewrite them. They cannot be read as
-- versions of ours, so that table steps aside under another name, closed to clients, and nothing in it is lost.
select private.set_aside('business_context_manifests', 'parent_version');

create table if not exists public.business_context_manifests (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null,
  version integer not null,
  parent_version integer,
  source text not null,
  content jsonb not null,
  checksum text not null,
  business_context jsonb not null,
  answers jsonb not null,
  token_estimate integer not null,
  meta jsonb not null default '{}',
  created_at timestamptz not null default now()
);
-- Constraint names of a table that stepped aside stay with it; so ours are dropped and made by table, never globally.
alter table public.business_context_manifests
  drop constraint if exists bcm_workspace_id_version_key,
  drop constraint if exists bcm_workspace_id_fkey,
  drop constraint if exists bcm_version_check,
  drop constraint if exists bcm_source_check,
  drop constraint if exists bcm_checksum_check,
  drop constraint if exists bcm_token_estimate_check;
alter table public.business_context_manifests
  add constraint bcm_workspace_id_version_key unique (workspace_id, version),
  add constraint bcm_workspace_id_fkey foreign key (workspace_id) references public.workspaces (id) on delete cascade,
  add constraint bcm_version_check check (version >= 1 and (parent_version is null or parent_version < version)),
  add constraint bcm_source_check check (source in ('onboarding', 'rebuild', 'restore', 'import')),
  add constraint bcm_checksum_check check (checksum ~ '^[0-9a-f]{64}$'),
  add constraint bcm_token_estimate_check check (token_estimate between 1 and 1200);
comment on table public.business_context_manifests is
  'Manifest versions, insert-only: 1, 2, 3 … without gaps per workspace, each beside the answers and business context it came from.';
comment on column public.business_context_manifests.checksum is
  'SHA-256 of the RFC 8785 canonical JSON of content, lower-case hex.';

-- The one permitted removal is the cascade from a deleted workspace: then the parent row is gone already.
create or replace function private.keep_manifest() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'DELETE' and not exists (select from public.workspaces w where w.id = old.workspace_id) then
    return old;
  end if;
  perform private.fail('PT409', 'append_only', 'A manifest version is never changed or removed; make a new version instead.');
  return null;
end $$;
comment on function private.keep_manifest() is
  'Trigger: refuses to change or remove a manifest version, except with its whole workspace.';
create or replace trigger append_only before update or delete on public.business_context_manifests
  for each row execute function private.keep_manifest();
create or replace trigger append_only_truncate before truncate on public.business_context_manifests
  for each statement execute function private.forbid_change();

create table if not exists public.workspace_context (
  workspace_id uuid primary key
    constraint workspace_context_workspace_id_fkey references public.workspaces (id) on delete cascade,
  latest_version integer not null,
  confirmed_at timestamptz not null,
  updated_at timestamptz not null default now()
);
comment on table public.workspace_context is
  'Per workspace with a manifest: the current version, and when a person last submitted, edited or pressed Rebuild (freshness counts from there).';
create or replace trigger touch_updated_at before update on public.workspace_context
  for each row execute function private.touch_updated_at();

select private.reset_access('public.business_context_manifests');
grant select on public.business_context_manifests to authenticated;
grant select, insert on public.business_context_manifests to service_role;
create policy "Members read the manifests of their workspaces" on public.business_context_manifests
  for select to authenticated using (workspace_id = any (array(select private.my_workspace_ids('{owner,admin,member}'))));

select private.reset_access('public.workspace_context');
grant select on public.workspace_context to authenticated;
grant select, insert, update on public.workspace_context to service_role;
create policy "Members see which manifest is current" on public.workspace_context
  for select to authenticated using (workspace_id = any (array(select private.my_workspace_ids('{owner,admin,member}'))));

revoke all on function private.keep_manifest() from public, anon, authenticated;
