import type { FieldTexts } from './fields-en.ts'

/** The same in French. */
export const fieldsFr: FieldTexts = {
  'language-models': {
    name: 'Modèles de langage',
    about: 'Comment les modèles de langage sont conçus, adaptés et utilisés.',
  },
  reasoning: { name: 'Raisonnement', about: 'Des modèles qui résolvent des problèmes pas à pas.' },
  'long-context': {
    name: 'Contexte long et mémoire',
    about: 'Les entrées longues, et ce que retiennent modèles et agents.',
  },
  'retrieval-and-search': { name: 'Recherche d’information', about: 'Trouver des documents et y puiser des réponses.' },
  multilingual: {
    name: 'Multilinguisme',
    about: 'Les langues autres que l’anglais, la traduction et le transfert entre langues.',
  },
  'dialogue-and-personas': {
    name: 'Dialogue et personnages',
    about: 'Conversation, jeux de rôle et agents conversationnels.',
  },
  'writing-and-summaries': { name: 'Rédaction et résumés', about: 'Générer, résumer et évaluer des textes longs.' },
  'multimodal-models': { name: 'Modèles multimodaux', about: 'Des modèles qui associent texte, image, vidéo ou son.' },
  'image-generation': {
    name: 'Génération d’images',
    about: 'Créer des images à partir de textes et d’autres entrées.',
  },
  'image-editing': { name: 'Retouche et restauration d’images', about: 'Modifier, restaurer et agrandir des images.' },
  'computer-vision': {
    name: 'Vision par ordinateur',
    about: 'Détecter, segmenter et reconnaître ce que montrent les images.',
  },
  'visual-reasoning': {
    name: 'Raisonnement visuel et spatial',
    about: 'Répondre à des questions sur des images, des graphiques et l’espace.',
  },
  'documents-and-ocr': {
    name: 'Documents et OCR',
    about: 'Lire des documents, des graphiques et du texte dans les images.',
  },
  'human-motion-and-faces': {
    name: 'Mouvement humain et visages',
    about: 'Corps, visages et avatars en image et en vidéo.',
  },
  'video-generation': { name: 'Génération de vidéos', about: 'Créer et monter des vidéos.' },
  'video-understanding': {
    name: 'Compréhension de vidéos',
    about: 'Décrire des vidéos, y chercher et raisonner dessus.',
  },
  '3d-and-rendering': { name: '3D et rendu', about: 'Reconstruire, générer et rendre des objets et des scènes.' },
  'world-models': { name: 'Modèles du monde', about: 'Des modèles qui prédisent l’évolution d’un environnement.' },
  'speech-and-audio': { name: 'Parole et audio', about: 'Reconnaître, générer et comprendre la parole et le son.' },
  music: { name: 'Musique', about: 'Générer et analyser la musique et le chant.' },
  agents: { name: 'Agents autonomes', about: 'Des modèles qui planifient, agissent et utilisent des outils.' },
  'multi-agent-systems': { name: 'Systèmes multi-agents', about: 'Plusieurs agents qui coopèrent ou rivalisent.' },
  'tool-use': { name: 'Usage d’outils', about: 'Appeler des fonctions, des API et des outils externes.' },
  'deep-research': {
    name: 'Recherche approfondie',
    about: 'Des agents qui explorent le web et rédigent des rapports.',
  },
  'graphical-interfaces': {
    name: 'Agents d’interface graphique',
    about: 'Des agents qui pilotent écrans, téléphones et sites web.',
  },
  code: { name: 'Programmation', about: 'Générer, comprendre et vérifier des programmes.' },
  'software-engineering': {
    name: 'Génie logiciel',
    about: 'Le travail sur des dépôts entiers : tickets, revues et tests.',
  },
  games: { name: 'Jeux', about: 'Jouer, créer des jeux et en apprendre.' },
  robotics: { name: 'Robotique', about: 'Des robots qui se déplacent, saisissent et apprennent.' },
  'vision-language-action-models': {
    name: 'Modèles vision-langage-action',
    about: 'Des modèles qui transforment images et consignes en actions de robot.',
  },
  'embodied-ai': { name: 'IA incarnée', about: 'Des agents qui voient et agissent dans des espaces réels ou simulés.' },
  'autonomous-driving': {
    name: 'Conduite autonome',
    about: 'Perception, planification et simulation pour les véhicules.',
  },
  'reinforcement-learning': {
    name: 'Apprentissage par renforcement',
    about: 'Apprendre par récompenses, pour les modèles de langage et au-delà.',
  },
  'rewards-and-preferences': {
    name: 'Récompenses et préférences',
    about: 'Modèles de récompense, avis humains et récompenses vérifiables.',
  },
  'diffusion-models': {
    name: 'Modèles de diffusion et de flot',
    about: 'Diffusion, flow matching et modèles génératifs voisins.',
  },
  architectures: {
    name: 'Architectures de modèles',
    about: 'Transformeurs, attention, mélanges d’experts et alternatives.',
  },
  training: { name: 'Entraînement', about: 'Pré-entraînement, ajustement fin et ce qui se passe entre les deux.' },
  'representation-learning': {
    name: 'Apprentissage de représentations',
    about: 'Plongements, autosupervision, tokeniseurs et espaces latents.',
  },
  'continual-and-transfer-learning': {
    name: 'Apprentissage continu et par transfert',
    about: 'S’adapter à de nouvelles tâches, domaines et données.',
  },
  efficiency: { name: 'Efficacité', about: 'Moins de calcul, de mémoire et de temps pour le même résultat.' },
  compression: {
    name: 'Compression de modèles',
    about: 'Quantification, élagage, distillation et adaptateurs de rang faible.',
  },
  'inference-and-serving': {
    name: 'Inférence et déploiement',
    about: 'Décodage plus rapide, mise en cache et mise en service des modèles.',
  },
  'hardware-and-distributed-training': {
    name: 'Matériel et entraînement distribué',
    about: 'GPU, noyaux, puces et entraînement sur plusieurs machines.',
  },
  'learning-theory': {
    name: 'Théorie de l’apprentissage',
    about: 'Preuves et théorie de ce que les modèles peuvent apprendre.',
  },
  optimization: { name: 'Optimisation', about: 'Optimiseurs, méthodes de gradient et recherche.' },
  'scaling-laws': {
    name: 'Passage à l’échelle',
    about: 'Comment les résultats varient avec les données, la taille et le calcul.',
  },
  'probabilistic-methods': {
    name: 'Probabilités et causalité',
    about: 'Méthodes bayésiennes et causales, incertitude et échantillonnage.',
  },
  'algorithms-and-logic': {
    name: 'Algorithmes et logique',
    about: 'Conception d’algorithmes, méthodes symboliques et vérification formelle.',
  },
  'benchmarks-and-evaluation': {
    name: 'Bancs d’essai et évaluation',
    about: 'Tests, juges et mesures de ce que savent faire les modèles.',
  },
  datasets: { name: 'Jeux de données', about: 'Nouveaux jeux, et comment les données sont recueillies et choisies.' },
  'synthetic-data': {
    name: 'Données synthétiques',
    about: 'Des données que les modèles génèrent pour l’entraînement.',
  },
  'graphs-and-tables': {
    name: 'Graphes et tableaux',
    about: 'Graphes de connaissances, réseaux de graphes, tableaux et bases de données.',
  },
  'time-series': { name: 'Séries temporelles', about: 'Prévision et anomalies dans les données au fil du temps.' },
  recommendation: { name: 'Recommandation', about: 'Systèmes de recommandation et personnalisation.' },
  surveys: { name: 'États de l’art', about: 'Panoramas, taxonomies et prises de position.' },
  'safety-and-alignment': {
    name: 'Sûreté et alignement',
    about: 'Faire agir les modèles comme souhaité, et le vérifier.',
  },
  'security-and-privacy': {
    name: 'Sécurité et vie privée',
    about: 'Attaques, défenses, filigranes, vie privée et droit d’auteur.',
  },
  interpretability: { name: 'Interprétabilité', about: 'Ce qui se passe dans les modèles, et comment l’expliquer.' },
  'hallucination-and-factuality': {
    name: 'Hallucinations et véracité',
    about: 'Si les réponses sont vraies, étayées et bien calibrées.',
  },
  'society-and-fairness': { name: 'Société et équité', about: 'Biais, culture, droit et effets sur les personnes.' },
  'science-with-ai': { name: 'L’IA pour la science', about: 'Des modèles qui aident à chercher et à découvrir.' },
  'medicine-and-biology': {
    name: 'Médecine et biologie',
    about: 'Clinique, imagerie médicale, protéines et cellules.',
  },
  'mathematics-with-ai': {
    name: 'L’IA pour les mathématiques',
    about: 'Résoudre des problèmes et démontrer des théorèmes.',
  },
  'scientific-computing': {
    name: 'Calcul scientifique',
    about: 'Solveurs, équations différentielles et simulation numérique.',
  },
  'chemistry-and-materials': {
    name: 'Chimie et matériaux',
    about: 'Molécules, réactions, cristaux et nouveaux matériaux.',
  },
  'earth-and-climate': { name: 'Terre et climat', about: 'Météo, climat, satellites et cartes.' },
  'neuroscience-and-cognition': {
    name: 'Neurosciences et cognition',
    about: 'Cerveaux, esprits et calcul inspiré du cerveau.',
  },
  'finance-and-economics': { name: 'Finance et économie', about: 'Marchés, négoce, économie et théorie des jeux.' },
  education: { name: 'Éducation', about: 'Enseigner, accompagner et apprendre avec l’IA.' },
}
