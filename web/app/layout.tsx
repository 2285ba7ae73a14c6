import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";

import "@fontsource/inter/400.css";
import "@fontsource/inter/500.css";
import "@fontsource/inter/600.css";
import "@fontsource/jetbrains-mono/400.css";
import "@fontsource/playfair-display/500.css";
import "./globals.css";

export const metadata: Metadata = {
  title: "Gatehouse",
  description: "Answer seven short steps once; all your tools read the same manifest.",
};

export const viewport: Viewport = { width: "device-width", initialScale: 1, themeColor: "#F5F3EE" };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
