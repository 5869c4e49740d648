/** The rules of topics before fields had groups and topics one slug, as a baseline. */

/** The words of the 35 fields, in titles and keywords. Abstracts were not read. */
export const FIELDS_BEFORE: readonly RegExp[] = [
  /\b(m?llms?|slms?|language models?|gpt-?\d?|instruction[- ]tun|pre-?train(ed|ing) .*language)/,
  /\b(multi-?modal|mllms?|vlms?|lmms?|vision[- ]language|omni-?modal|any-to-any)/,
  /\breason(ing|er|ers)?\b|chain[- ]of[- ]thought|\bcot\b|test-time (scaling|compute)/,
  /\bagents?\b|\bagentic|tool[- ](use|calling|learning)|computer[- ]use/,
  /reinforcement|\brlhf\b|\brlvr\b|\bgrpo\b|\bppo\b|\bdpo\b|policy (optimi[sz]|gradient)|reward model|\brl\b/,
  /\bbenchmark(s|ing)?\b|\bevaluat(ion|ing)\b|leaderboard|llm-as-a-judge/,
  /\bdata-?sets?\b|\bcorp(us|ora)\b|data (synthesis|curation|selection)|synthetic data/,
  /text-to-image|\bt2i\b|image (generation|synthesis|editing|customi[sz])|visual generation|inpainting/,
  /text-to-video|image-to-video|\b[ti]2v\b|video (generation|synthesis|editing|diffusion|generative)/,
  /video (understanding|question|reasoning|captioning|retrieval|language|llm|mllm)|long video|video-llm/,
  /diffusion|flow matching|rectified flow|score-based|denoising/,
  /\b[34]d\b|gaussian splat|\bnerf\b|radiance field|novel view|mesh|point clouds?|depth estimation/,
  /robot|\bvla\b|vision-language-action|manipulation polic|embodied|dexterous|locomotion/,
  /world[- ]model|world simulat/,
  /segmentation|object detection|image (classification|recognition|restoration)|visual (recognition|grounding|tracking)|\bvit\b|vision transformer|computer vision|\bocr\b/,
  /speech|audio|\bmusic|\btts\b|\basr\b|voice|\bsound/,
  /\bcod(e|ing)\b|programming|software (engineering|development)|swe-bench|\bprogram(s| synthesis)\b|\bsql\b/,
  /mathematical (reasoning|problem)|theorem|\blean ?4?\b|olympiad|\bmath\b|proof/,
  /retriev|\brag\b|\bsearch (engine|agent)|deep research|re-?rank|embedding models?|question answering/,
  /quanti[sz]ation|pruning|distill|sparse|speculative|kv[- ]?cache|low-rank|\blora\b|efficien|acceleration|inference (speed|cost|latency)|compression/,
  /transformer|attention|mixture[- ]of[- ]experts|\bmoe\b|state[- ]space|\bmamba\b|linear attention|architecture/,
  /pre-?training|fine-?tuning|post-?training|\bsft\b|optimi[sz]ers?\b|scaling laws?|curriculum|continual learning/,
  /long[- ](context|sequence|form|horizon memory)|context (length|window|compression)|\bmemory\b/,
  /safety|alignment|jailbreak|red[- ]team|adversarial|harmful|toxic|privacy|watermark|backdoor|guardrail|deceptive/,
  /interpretab|mechanistic|explainab|sparse autoencoder|probing|circuits?\b|activation steering/,
  /hallucinat|factual|truthful|uncertainty|calibrat/,
  /medic|clinical|health|patient|biolog|protein|genom|molecul|drug|radiolog|patholog|disease|single-cell/,
  /scientific|chemistry|materials?\b|physic|weather|climate|discovery|scientist/,
  /autonomous (driving|vehicle)|self-driving|driving/,
  /\bhuman (motion|pose|image|video|animation)|avatar|talking head|\bface|facial|portrait|gesture|virtual try-on/,
  /\bgui\b|web (agent|navigation|browsing)|\bui\b|mobile agent|screen(shot)?\b/,
  /multilingual|low-resource|cross-lingual|translation|arabic|chinese|hindi|indic|african|korean|japanese|russian|german|language-specific/,
  /knowledge graph|graph (neural|learning)|\bgnns?\b|tabular|\btables?\b|time[- ]series|spreadsheet/,
  /recommend|click-through|personali[sz]/,
  /\bgames?\b|gaming|minecraft|chess|player/,
]

/** A keyword's slug: every plural lost its s. */
export const slugBefore = (keyword: string): string =>
  keyword
    .replace(/\([^)]*\)/g, ' ')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .replace(/(?<!s|i|u|a|ic|serie)s$/, '')

/** A topic's name, made from its slug. */
export const nameBefore = (slug: string): string => slug.replaceAll('-', ' ')
