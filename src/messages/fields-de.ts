import type { FieldTexts } from './fields-en.ts'

/** The same in German. */
export const fieldsDe: FieldTexts = {
  'language-models': { name: 'Sprachmodelle', about: 'Wie Sprachmodelle entstehen, angepasst und genutzt werden.' },
  reasoning: { name: 'Schlussfolgern', about: 'Modelle, die Probleme Schritt für Schritt lösen.' },
  'long-context': {
    name: 'Langer Kontext & Gedächtnis',
    about: 'Lange Eingaben und was Modelle und Agenten behalten.',
  },
  'retrieval-and-search': { name: 'Suche & Retrieval', about: 'Dokumente finden und Fragen aus ihnen beantworten.' },
  multilingual: {
    name: 'Mehrsprachigkeit',
    about: 'Andere Sprachen als Englisch, Übersetzung und Übertragung zwischen Sprachen.',
  },
  'dialogue-and-personas': { name: 'Dialog & Rollen', about: 'Gespräche, Rollenspiel und Chatbots.' },
  'writing-and-summaries': {
    name: 'Schreiben & Zusammenfassen',
    about: 'Längere Texte erzeugen, zusammenfassen und beurteilen.',
  },
  'multimodal-models': { name: 'Multimodale Modelle', about: 'Modelle, die Text mit Bild, Video oder Ton verbinden.' },
  'image-generation': { name: 'Bilderzeugung', about: 'Bilder aus Text und anderen Eingaben erzeugen.' },
  'image-editing': { name: 'Bildbearbeitung', about: 'Bilder verändern, wiederherstellen und vergrößern.' },
  'computer-vision': { name: 'Computer Vision', about: 'Erkennen, abgrenzen und einordnen, was Bilder zeigen.' },
  'visual-reasoning': {
    name: 'Visuelles & räumliches Schließen',
    about: 'Fragen zu Bildern, Diagrammen und Raum beantworten.',
  },
  'documents-and-ocr': { name: 'Dokumente & OCR', about: 'Dokumente, Diagramme und Text in Bildern lesen.' },
  'human-motion-and-faces': {
    name: 'Menschliche Bewegung & Gesichter',
    about: 'Körper, Gesichter und Avatare in Bild und Video.',
  },
  'video-generation': { name: 'Videoerzeugung', about: 'Videos erzeugen und bearbeiten.' },
  'video-understanding': { name: 'Videoverständnis', about: 'Videos beschreiben, durchsuchen und verstehen.' },
  '3d-and-rendering': { name: '3D & Rendering', about: 'Objekte und Szenen rekonstruieren, erzeugen und darstellen.' },
  'world-models': { name: 'Weltmodelle', about: 'Modelle, die vorhersagen, wie sich eine Umgebung ändert.' },
  'speech-and-audio': { name: 'Sprache & Audio', about: 'Gesprochenes und Klang erkennen, erzeugen und verstehen.' },
  music: { name: 'Musik', about: 'Musik und Gesang erzeugen und analysieren.' },
  agents: { name: 'Agenten', about: 'Modelle, die planen, handeln und Werkzeuge nutzen.' },
  'multi-agent-systems': {
    name: 'Multi-Agenten-Systeme',
    about: 'Mehrere Agenten, die zusammenarbeiten oder konkurrieren.',
  },
  'tool-use': { name: 'Werkzeugnutzung', about: 'Funktionen, APIs und externe Werkzeuge aufrufen.' },
  'deep-research': { name: 'Deep Research', about: 'Agenten, die im Web suchen und Berichte schreiben.' },
  'graphical-interfaces': { name: 'GUI-Agenten', about: 'Agenten, die Bildschirme, Telefone und Websites bedienen.' },
  code: { name: 'Code', about: 'Programme erzeugen, verstehen und prüfen.' },
  'software-engineering': {
    name: 'Softwareentwicklung',
    about: 'Arbeit an ganzen Repositorien: Fehler, Reviews und Tests.',
  },
  games: { name: 'Spiele', about: 'Spiele spielen, entwickeln und aus ihnen lernen.' },
  robotics: { name: 'Robotik', about: 'Roboter, die sich bewegen, greifen und lernen.' },
  'vision-language-action-models': {
    name: 'Vision-Language-Action-Modelle',
    about: 'Modelle, die Bilder und Anweisungen in Roboteraktionen übersetzen.',
  },
  'embodied-ai': { name: 'Verkörperte KI', about: 'Agenten, die in echten oder simulierten Räumen sehen und handeln.' },
  'autonomous-driving': { name: 'Autonomes Fahren', about: 'Wahrnehmung, Planung und Simulation für Fahrzeuge.' },
  'reinforcement-learning': {
    name: 'Reinforcement Learning',
    about: 'Lernen aus Belohnungen, für Sprachmodelle und darüber hinaus.',
  },
  'rewards-and-preferences': {
    name: 'Belohnungen & Präferenzen',
    about: 'Belohnungsmodelle, menschliches Feedback und prüfbare Belohnungen.',
  },
  'diffusion-models': {
    name: 'Diffusions- & Flussmodelle',
    about: 'Diffusion, Flow Matching und verwandte generative Modelle.',
  },
  architectures: { name: 'Architekturen', about: 'Transformer, Attention, Mixture of Experts und Alternativen.' },
  training: { name: 'Training', about: 'Pre-Training, Fine-Tuning und was dazwischen geschieht.' },
  'representation-learning': {
    name: 'Repräsentationslernen',
    about: 'Embeddings, Selbstüberwachung, Tokenizer und latente Räume.',
  },
  'continual-and-transfer-learning': {
    name: 'Kontinuierliches & Transferlernen',
    about: 'Anpassung an neue Aufgaben, Bereiche und Daten.',
  },
  efficiency: { name: 'Effizienz', about: 'Weniger Rechenzeit und Speicher für dasselbe Ergebnis.' },
  compression: { name: 'Kompression', about: 'Quantisierung, Pruning, Destillation und Low-Rank-Adapter.' },
  'inference-and-serving': {
    name: 'Inferenz & Betrieb',
    about: 'Schnelleres Decoding, Caching und Bereitstellen von Modellen.',
  },
  'hardware-and-distributed-training': {
    name: 'Hardware & verteiltes Training',
    about: 'GPUs, Kernel, Chips und Training auf vielen Maschinen.',
  },
  'learning-theory': { name: 'Lerntheorie', about: 'Beweise und Theorie dazu, was Modelle lernen können.' },
  optimization: { name: 'Optimierung', about: 'Optimierer, Gradientenverfahren und Suche.' },
  'scaling-laws': { name: 'Skalierung', about: 'Wie Daten, Modellgröße und Rechenzeit die Ergebnisse ändern.' },
  'probabilistic-methods': {
    name: 'Wahrscheinlichkeit & Kausalität',
    about: 'Bayessche und kausale Methoden, Unsicherheit und Sampling.',
  },
  'algorithms-and-logic': {
    name: 'Algorithmen & Logik',
    about: 'Algorithmenentwurf, symbolische Methoden und formale Verifikation.',
  },
  'benchmarks-and-evaluation': {
    name: 'Benchmarks & Evaluation',
    about: 'Tests, Bewertungen und Maße dafür, was Modelle können.',
  },
  datasets: { name: 'Datensätze', about: 'Neue Datensätze, und wie Daten gesammelt und ausgewählt werden.' },
  'synthetic-data': { name: 'Synthetische Daten', about: 'Daten, die Modelle für das Training erzeugen.' },
  'graphs-and-tables': { name: 'Graphen & Tabellen', about: 'Wissensgraphen, Graphnetze, Tabellen und Datenbanken.' },
  'time-series': { name: 'Zeitreihen', about: 'Vorhersagen und Auffälligkeiten in zeitlichen Daten.' },
  recommendation: { name: 'Empfehlung', about: 'Empfehlungssysteme und Personalisierung.' },
  surveys: { name: 'Übersichtsartikel', about: 'Überblicke, Taxonomien und Positionspapiere.' },
  'safety-and-alignment': {
    name: 'Sicherheit & Alignment',
    about: 'Modelle so verhalten lassen, wie Menschen es wollen, und das prüfen.',
  },
  'security-and-privacy': {
    name: 'Angriffe & Datenschutz',
    about: 'Angriffe, Abwehr, Wasserzeichen, Datenschutz und Urheberrecht.',
  },
  interpretability: { name: 'Interpretierbarkeit', about: 'Was in Modellen geschieht und wie man es erklärt.' },
  'hallucination-and-factuality': {
    name: 'Halluzination & Faktentreue',
    about: 'Ob Antworten stimmen, belegt und gut kalibriert sind.',
  },
  'society-and-fairness': {
    name: 'Gesellschaft & Fairness',
    about: 'Verzerrung, Kultur, Recht und Wirkung auf Menschen.',
  },
  'science-with-ai': { name: 'KI für die Wissenschaft', about: 'Modelle, die bei Forschung und Entdeckung helfen.' },
  'medicine-and-biology': { name: 'Medizin & Biologie', about: 'Klinik, medizinische Bilder, Proteine und Zellen.' },
  'mathematics-with-ai': { name: 'KI für Mathematik', about: 'Aufgaben lösen und Sätze beweisen.' },
  'scientific-computing': {
    name: 'Wissenschaftliches Rechnen',
    about: 'Löser, Differentialgleichungen und numerische Simulation.',
  },
  'chemistry-and-materials': {
    name: 'Chemie & Materialien',
    about: 'Moleküle, Reaktionen, Kristalle und neue Materialien.',
  },
  'earth-and-climate': { name: 'Erde & Klima', about: 'Wetter, Klima, Satelliten und Karten.' },
  'neuroscience-and-cognition': {
    name: 'Neurowissenschaft & Kognition',
    about: 'Gehirn, Denken und hirnähnliches Rechnen.',
  },
  'finance-and-economics': { name: 'Finanzen & Wirtschaft', about: 'Märkte, Handel, Ökonomie und Spieltheorie.' },
  education: { name: 'Bildung', about: 'Unterricht, Nachhilfe und Lernen mit KI.' },
}
