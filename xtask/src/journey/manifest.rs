//! Reading, verifying and exporting the manifest.

use anyhow::{Context as _, Result, ensure};
use gatehouse_core::context::{Manifest, verify_manifest};
use gatehouse_core::route::RouteId;
use serde_json::json;

use super::steps::{Ask, Journey};

impl Journey<'_> {
    /// The manifest as a page reads it.
    pub async fn manifest(&mut self) -> Result<Manifest> {
        let read =
            self.ask("the manifest is read at the edge", RouteId::Manifest, 200, Ask::default()).await?;
        ensure!(read.cache.as_deref() == Some("tier0"), "it came from {:?}", read.cache);
        let manifest: Manifest = serde_json::from_str(&read.text)?;
        ensure!(verify_manifest(&manifest), "the checksum is not that of the content");
        let etag = read.etag.context("the manifest has no ETag")?;
        let headers = [("if-none-match", etag.as_str())];
        let known =
            self.ask("known already", RouteId::Manifest, 304, Ask { headers: &headers, ..Ask::default() });
        ensure!(known.await?.text.is_empty(), "a 304 has no body");
        let history = self.ask("its history", RouteId::History, 200, Ask::default()).await?.json()?;
        ensure!(history["versions"][0]["checksum"] == manifest.checksum.as_str(), "{history}");
        Ok(manifest)
    }

    /// The manifest as files, and the gate open.
    pub async fn exports(&mut self, manifest: &Manifest) -> Result<()> {
        let body = json!({"format": "json"});
        let file = self.ask("export as JSON", RouteId::Export, 200, Ask::with(&body)).await?;
        ensure!(serde_json::from_str::<Manifest>(&file.text)? == *manifest, "the file is another manifest");
        let body = json!({"format": "markdown"});
        let file = self.ask("export as Markdown", RouteId::Export, 200, Ask::with(&body)).await?;
        ensure!(file.text.contains(&manifest.checksum), "the file does not carry the checksum");
        let verified =
            self.ask("everything is ready", RouteId::VerifyProfile, 200, Ask::default()).await?.json()?;
        ensure!(verified["ready"] == true && verified["manifest"]["version"] == 1, "{verified}");
        Ok(())
    }
}
