// Generated from core/schema by `npm run codegen`; do not edit.

/** The shape already in use, camelCase and all. Later 2.x documents may have more members, so unknown ones are let through. */
export interface BusinessContext {
  /** Version */
  version: string;
  /** Time */
  generated_at?: string;
  /** The onboarding session's UUID, or empty. */
  session_id?: string;
  /** Company */
  company_profile: {
    /** Company name */
    name: string;
    /** Website */
    website?: string;
    /** Industry */
    industry?: string;
    /** Stage */
    stage?: string;
    /** Company description */
    description?: string;
  };
  /** Intelligence */
  intelligence: {
    /** May exceed the facts that are held here. */
    evidence_count?: number;
    /** Facts */
    facts?: Array<{
      /** Fact id */
      id: string;
      /** Category */
      category?: "product" | "market" | "customer" | "competitive" | "pricing" | "traction" | "brand" | "growth";
      /** Label */
      label: string;
      /** Value */
      value: string;
      /** Confidence */
      confidence?: number;
    }>;
    /** Ideal customers */
    icps?: Array<{
      /** Ideal customer's name */
      name: string;
      /** Demographics */
      demographics?: {
        /** Age range */
        ageRange?: string;
        /** Income */
        income?: string;
        /** Location */
        location?: string;
        /** Role */
        role?: string;
        /** Stage of life */
        stage?: string;
      };
      /** Psychographics */
      psychographics?: {
        /** Beliefs */
        beliefs?: string;
        /** Identity */
        identity?: string;
        /** Fears */
        fears?: string;
        /** Values */
        values?: Array<string>;
        /** Hangouts */
        hangouts?: Array<string>;
        /** Triggers */
        triggers?: Array<string>;
      };
      /** Pain points */
      painPoints?: Array<string>;
      /** Goals */
      goals?: Array<string>;
      /** Objections */
      objections?: Array<string>;
      /** Market sophistication */
      marketSophistication?: number;
    }>;
    /** Positioning */
    positioning?: {
      /** Category claimed */
      category?: string;
      /** Category path */
      categoryPath?: "safe" | "clever" | "bold";
      /** Unique value */
      uvp?: string;
      /** Differentiators */
      differentiators?: Array<string>;
      /** Competitors */
      competitors?: Array<{
        /** Competitor's name */
        name: string;
        /** Kind of competitor */
        type?: "direct" | "indirect";
        /** Strengths */
        strengths?: Array<string>;
        /** Weaknesses */
        weaknesses?: Array<string>;
      }>;
    };
    /** Messaging */
    messaging?: {
      /** One-liner */
      oneLiner?: string;
      /** Positioning statement */
      positioningStatement?: string;
      /** Value propositions */
      valueProps?: Array<{
        /** Promise */
        title: string;
        /** Explanation */
        description?: string;
      }>;
      /** Brand voice */
      brandVoice?: {
        /** Tone */
        tone?: Array<string>;
        /** What to do */
        doList?: Array<string>;
        /** What never to say */
        dontList?: Array<string>;
      };
      /** Soundbites */
      soundbites?: Array<string>;
      /** Guardrails */
      guardrails?: Array<string>;
    };
    /** Channels */
    channels?: Array<{
      /** Channel's name */
      name: string;
      /** Priority */
      priority?: "primary" | "secondary" | "experimental";
    }>;
    /** Market */
    market?: {
      /** Total market */
      tam?: string;
      /** Serviceable market */
      sam?: string;
      /** Obtainable market */
      som?: string;
      /** Verticals */
      verticals?: Array<string>;
      /** Geography */
      geo?: string;
      /** Growth goal */
      primary_goal?: string | null;
    };
  };
}

/** What prompts carry: canonical content in an envelope that says which version it is and how it was made. */
export interface ManifestDocument {
  /** Version */
  version: number;
  /** Time made */
  generated_at: string;
  /** Time confirmed */
  confirmed_at: string;
  /** Checksum */
  checksum: string;
  /** Source */
  source: "onboarding" | "rebuild" | "restore" | "import";
  /** How it was made */
  meta: {
    /** Tokens */
    token_estimate: number;
    /** Dropped */
    dropped: Array<{
      /** Pointer */
      pointer: string;
      /** Action */
      action: "shortened" | "dropped";
    }>;
    /** Missing answers */
    missing: Array<string>;
  };
  /** Content */
  content: {
    /** Foundation */
    foundation?: {
      /** Company */
      company?: string;
      /** Industry */
      industry?: string;
      /** Stage */
      stage?: string;
      /** Website */
      website?: string;
      /** Description */
      description?: string;
    };
    /** Ideal customers */
    icps?: Array<{
      /** Name */
      name?: string;
      /** Profile */
      profile?: string;
      /** Role */
      role?: string;
      /** Stage */
      stage?: string;
      /** Age */
      age?: string;
      /** Location */
      location?: string;
      /** Income */
      income?: string;
      /** Pains */
      pains?: Array<string>;
      /** Goals */
      goals?: Array<string>;
      /** Objections */
      objections?: Array<string>;
      /** Beliefs */
      beliefs?: string;
      /** Fears */
      fears?: string;
      /** Values */
      values?: Array<string>;
      /** Triggers */
      triggers?: Array<string>;
      /** Hangouts */
      hangouts?: Array<string>;
    }>;
    /** Competitive */
    competitive?: {
      /** Category */
      category?: string;
      /** Category path */
      path?: "safe" | "clever" | "bold";
      /** Unique value */
      uvp?: string;
      /** Differentiators */
      differentiators?: Array<string>;
      /** Alternatives */
      alternatives?: Array<{
        /** Name */
        name?: string;
        /** Kind */
        type?: "direct" | "indirect";
        /** Strengths */
        strengths?: Array<string>;
        /** Weaknesses */
        weaknesses?: Array<string>;
      }>;
    };
    /** Messaging */
    messaging?: {
      /** One-liner */
      one_liner?: string;
      /** Positioning */
      positioning?: string;
      /** Value propositions */
      value_props?: Array<{
        /** Promise */
        title?: string;
        /** Explanation */
        description?: string;
      }>;
      /** Tone */
      tone?: Array<string>;
      /** What to do */
      do?: Array<string>;
      /** Soundbites */
      soundbites?: Array<string>;
    };
    /** Channels */
    channels?: Array<{
      /** Name */
      name?: string;
      /** Priority */
      priority?: "primary" | "secondary" | "experimental";
    }>;
    /** Market */
    market?: {
      /** Geo */
      geo?: string;
      /** Goal */
      goal?: string;
      /** Tam */
      tam?: string;
      /** Sam */
      sam?: string;
      /** Som */
      som?: string;
      /** Verticals */
      verticals?: Array<string>;
    };
    /** Facts */
    facts?: Array<{
      /** Label */
      label?: string;
      /** Value */
      value?: string;
    }>;
    /** Guardrails */
    guardrails?: {
      /** Constraints */
      constraints?: Array<string>;
      /** Banned phrases */
      banned_phrases?: Array<string>;
    };
  };
}

/** What prompts read: the sections of a manifest that have something to say. */
export type ManifestContent = ManifestDocument["content"];
