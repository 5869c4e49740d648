/** Meanings of LaTeX's command names, as in the LaTeX kernel and amssymb. */

const pairs = (text: string): [string, string][] =>
  text
    .trim()
    .split(/\s+/)
    .map((pair) => {
      const cut = pair.indexOf('=')
      return [pair.slice(0, cut), pair.slice(cut + 1)]
    })

export const GREEK = new Map(
  pairs(`
  alpha=α beta=β gamma=γ delta=δ epsilon=ε varepsilon=ε zeta=ζ eta=η theta=θ vartheta=ϑ iota=ι kappa=κ lambda=λ mu=μ nu=ν
  xi=ξ pi=π varpi=ϖ rho=ρ varrho=ϱ sigma=σ varsigma=ς tau=τ upsilon=υ phi=φ varphi=φ chi=χ psi=ψ omega=ω
  Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ Xi=Ξ Pi=Π Sigma=Σ Upsilon=Υ Phi=Φ Psi=Ψ Omega=Ω ell=ℓ`),
)

export const OPERATORS = new Map(
  pairs(`
  times=× cdot=· div=÷ pm=± mp=∓ ast=* star=⋆ circ=∘ bullet=• oplus=⊕ ominus=⊖ otimes=⊗ odot=⊙ wedge=∧ land=∧ vee=∨ lor=∨
  cap=∩ cup=∪ setminus=∖ backslash=\\ leq=≤ le=≤ leqslant=≤ geq=≥ ge=≥ geqslant=≥ ll=≪ gg=≫ neq=≠ ne=≠ approx=≈ sim=∼
  simeq=≃ cong=≅ equiv=≡ propto=∝ prec=≺ succ=≻ lesssim=≲ gtrsim=≳ subset=⊂ subseteq=⊆ supset=⊃ supseteq=⊇ in=∈ notin=∉
  ni=∋ mid=| parallel=∥ perp=⊥ top=⊤ bot=⊥ vdash=⊢ models=⊨ to=→ rightarrow=→ longrightarrow=⟶ leftarrow=← gets=←
  leftrightarrow=↔ uparrow=↑ downarrow=↓ updownarrow=↕ nearrow=↗ searrow=↘ Rightarrow=⇒ implies=⇒ Leftarrow=⇐
  Leftrightarrow=⇔ iff=⇔ mapsto=↦ infty=∞ partial=∂ nabla=∇ sum=∑ prod=∏ int=∫ oint=∮ forall=∀ exists=∃ neg=¬ lnot=¬
  emptyset=∅ varnothing=∅ hbar=ℏ Re=ℜ Im=ℑ aleph=ℵ angle=∠ triangle=△ square=□ blacksquare=■ checkmark=✓ dagger=† dag=†
  ddagger=‡ ddag=‡ prime=′ ldots=… dots=… cdots=⋯ vdots=⋮ lfloor=⌊ rfloor=⌋ lceil=⌈ rceil=⌉ langle=⟨ rangle=⟩ vert=|
  Vert=‖ lvert=| rvert=| lVert=‖ rVert=‖ deg=° degree=° textdegree=° S=§ P=¶ copyright=© pounds=£ euro=€ textmu=µ
  textbackslash=\\ textasciitilde=~ textasciicircum=^ textless=< textgreater=> textbar=| textquotesingle=' textendash=–
  asymp=≍ doteq=≐ preceq=⪯ succeq=⪰ gtrapprox=⪆ lessapprox=⪅ rtimes=⋊ ltimes=⋉ boxtimes=⊠ diamond=⋄ Box=□ sqcup=⊔ bigcup=⋃ bigcap=⋂
  bigoplus=⨁ bigotimes=⨂ coprod=∐ iint=∬ subsetneq=⊊ nmid=∤ nexists=∄ wp=℘ sharp=♯ flat=♭ natural=♮ coloneqq=≔ triangleq=≜
  hookrightarrow=↪ twoheadrightarrow=↠ leadsto=⇝ Longrightarrow=⟹ longleftrightarrow=⟷ colon=: arcsec=″ arcmin=′ farcs=.″
  textpm=± texttimes=× hdots=… dotsc=… dotsb=⋯ dotsm=⋯ textellipsis=… varkappa=ϰ hslash=ℏ imath=ı jmath=ȷ mho=℧ eth=ð
  rightleftharpoons=⇌ rightsquigarrow=⇝ curvearrowright=↷ circlearrowleft=↺ longmapsto=⟼ hookleftarrow=↩ upharpoonright=↾
  rightharpoonup=⇀ Uparrow=⇑ Downarrow=⇓ Longleftarrow=⟸ Longleftrightarrow=⟺ longleftarrow=⟵ bigvee=⋁ bigwedge=⋀ bigsqcup=⨆
  biguplus=⨄ bigodot=⨀ iiint=∭ uplus=⊎ amalg=⨿ bowtie=⋈ Join=⋈ wr=≀ sqcap=⊓ sqsubset=⊏ sqsubseteq=⊑ sqsupseteq=⊒ Subset=⋐
  supsetneq=⊋ subsetneqq=⫋ nsubseteq=⊈ nleq=≰ ngeq=≱ nsim=≁ nparallel=∦ trianglelefteq=⊴ lhd=⊲ rhd=⊳ unlhd=⊴ boxplus=⊞ boxdot=⊡
  dashv=⊣ vDash=⊨ Vdash=⊩ lll=⋘ ggg=⋙ precsim=≾ succsim=≿ approxeq=≊ lneq=⪇ gneq=⪈ bigstar=★ blacktriangle=▲ lozenge=◊
  triangledown=▽ complement=∁ surd=√ because=∵ therefore=∴ measuredangle=∡ heartsuit=♡ spadesuit=♠ clubsuit=♣ diamondsuit=♢
  rbrace=} rbrack=] degr=° celsius=°C micron=µm textquotedblright=” textquoteright=’
  rq=’ guillemotright=» textunderscore=_ textdollar=$ textquestiondown=¿ numero=№
  textemdash=— textregistered=® texttrademark=™ TeX=TeX LaTeX=LaTeX eg=e.g. ie=i.e. etc=etc.`),
).set('etal', 'et al.')

/** Special letters and opening signs. They consume the space that ends their name, also in text ("M\o ller"). */
export const LETTERS = new Map(
  pairs(
    `textquotedblleft=“ textquoteleft=‘ lq=‘ guillemotleft=« lbrace={ lbrack=[ ss=ß o=ø O=Ø l=ł L=Ł ae=æ AE=Æ oe=œ OE=Œ aa=å AA=Å i=ı j=ȷ dh=ð DH=Ð dj=đ DJ=Đ th=þ TH=Þ`,
  ),
)

export const SPACES = new Set([
  'quad',
  'qquad',
  'newline',
  'linebreak',
  'par',
  'enspace',
  'thinspace',
  'space',
  'hfill',
])

/** Function names, written upright and separated from neighbouring letters. */
export const FUNCTIONS = new Set(
  'log ln lg exp sin cos tan tanh sinh cosh arcsin arccos arctan max min sup inf lim arg argmax argmin det dim ker deg gcd Pr hom liminf limsup cot sec csc coth'.split(
    ' ',
  ),
)

/** Combining marks by accent: \'e, \v{s}, \hat{x}. */
export const ACCENTS = new Map(
  Object.entries({
    "'": '\u0301',
    '`': '\u0300',
    '^': '\u0302',
    '"': '\u0308',
    '~': '\u0303',
    '=': '\u0304',
    '.': '\u0307',
    u: '\u0306',
    v: '\u030c',
    H: '\u030b',
    c: '\u0327',
    d: '\u0323',
    b: '\u0331',
    k: '\u0328',
    r: '\u030a',
    hat: '\u0302',
    widehat: '\u0302',
    tilde: '\u0303',
    widetilde: '\u0303',
    bar: '\u0304',
    overline: '\u0305',
    vec: '\u20d7',
    dot: '\u0307',
    ddot: '\u0308',
    check: '\u030c',
    acute: '\u0301',
    grave: '\u0300',
    breve: '\u0306',
    mathring: '\u030a',
  }),
)

export const BLACKBOARD = new Map(pairs('R=ℝ Z=ℤ N=ℕ Q=ℚ C=ℂ P=ℙ H=ℍ'))

const words = (text: string): Set<string> => new Set(text.trim().split(/\s+/))

/** Commands whose argument is text. Only the argument is kept. */
export const TEXT_WRAPPERS = words(`
  text textbf textit texttt textsc textsf textrm textup textsl textmd textnormal emph underline uline mbox hbox fbox uppercase
  lowercase MakeUppercase title section subsection paragraph enquote`)

/** Commands whose argument has the surrounding mode, text or maths. Only the argument is kept. */
export const WRAPPERS = words(`
  mathbf mathrm mathcal mathit mathsf mathtt mathfrak mathscr boldsymbol bm pmb ensuremath operatorname mathop mathbin mathrel
  underbrace overbrace substack boxed bold frak`)

/** Switches that only change the style of the text after them. */
export const SWITCHES = words(`
  bf cal em it sc tt rm sf sl bfseries itshape scshape ttfamily rmfamily sffamily upshape mdseries normalfont tiny scriptsize footnotesize
  small normalsize large Large LARGE huge Huge displaystyle textstyle scriptstyle boldmath unboldmath noindent centering xspace
  protect relax limits nolimits left right middle big Big bigg Bigg bigl bigr Bigl Bigr allowbreak nobreak smallskip medskip bigskip`)

/** Commands dropped with their argument. */
export const VANISHING = words(
  'cite citep citet citealp ref eqref autoref cref Cref label vspace hspace begin end phantom thanks index',
)

/**
 * Names that are not English words, so they are recognised without their backslash.
 * Hugging Face's texts lose the backslashes of formulas ("0.73rightarrow0.90", "leq2B").
 */
export const BARE = words(`
  leq geq neq leqslant geqslant infty cdot ldots cdots rightarrow leftarrow leftrightarrow Rightarrow Leftarrow longrightarrow propto`)

/** The same for commands: only directly before a brace ("textbf{mu}ltiscale"). */
export const BARE_COMMANDS = words(`
  textbf textit texttt textsc textrm textsf emph text underline mathbf mathrm mathcal mathbb mathit mathsf boldsymbol
  textsuperscript textsubscript operatorname widetilde widehat overline frac sqrt`)
