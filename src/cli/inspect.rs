//! `spinntui inspect MODEL`: what a model or a NIR file is, layer by layer, before it meets a chip.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use spinntui_nir::NirError;
use spinntui_nir::limits::MAX_FILE_BYTES;
use thiserror::Error;

use super::Format;
use crate::file;
use crate::model::embedding::Values;
use crate::model::{Card, GestureModel, Kind, LanguageModel, Model, ModelError, Projection};
use crate::net::attention::{Attention, Coding, Gpt, Mlp};
use crate::net::csr::{self, Csr};
use crate::net::gesture::FRAME_SIDE;
use crate::net::{Carry, Compare, EgruLayer, Output};
use crate::output::{self, OutputError};
use crate::report::nir::NirReport;
use crate::report::table::{Table, field, grouped, percent};
use crate::scene::find;
use crate::text::visible_line;

/// Column at which the texts of the card begin.
const INDENT: usize = 15;

/// First bytes of an HDF5 file, as NIR files are.
const HDF5: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// Describe a model or a NIR file: layers, shapes, sparsity or populations, sizes, oddities.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  spinntui inspect models/egru-lm-wikitext2
  spinntui inspect my_net.nir
  spinntui inspect my_net.nir --format json

models/README.md says what a model folder holds, docs/nir.md what is checked in a NIR file.")]
pub struct InspectArgs {
    /// Model folder, a .safetensors file with vocab.txt beside it, or a .nir file
    pub model: PathBuf,
    /// Format of the output; JSON for NIR files only
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Error that stops `inspect`.
#[derive(Debug, Error)]
pub enum InspectError {
    /// The model does not load.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A NIR file cannot be read from disk.
    #[error("{path}: {error}")]
    Read {
        /// File as named.
        path: PathBuf,
        /// Reason of the operating system.
        error: io::Error,
    },
    /// A NIR file is refused.
    #[error("{path}: {}", visible_line(&error.to_string()))]
    Nir {
        /// File as named.
        path: PathBuf,
        /// Node and reason.
        error: NirError,
    },
    /// JSON was requested for a model folder.
    #[error("models are described as text only: leave out `--format json`, which is for NIR files")]
    NoJson,
    /// The text cannot be written.
    #[error("cannot write the answer: {0}")]
    Write(#[from] io::Error),
    /// The answer cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// Writes a description of a model or a NIR file.
pub fn run(args: &InspectArgs, output: &mut output::Output) -> Result<(), InspectError> {
    let path = find::meant(&args.model);
    if is_nir(&path) {
        let report = nir(&path)?;
        match args.format {
            Format::Text => output.text(&report.text())?,
            Format::Json => output.data(&report.json().map_err(io::Error::from)?)?,
        }
        return Ok(());
    }
    match args.format {
        Format::Text => inspect(&path, &mut output::Shown(output)),
        Format::Json => Err(InspectError::NoJson),
    }
}

/// Returns `true` for a file with the name or the first bytes of a NIR file.
fn is_nir(path: &Path) -> bool {
    let named = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("nir"));
    let begins = || {
        let mut first = [0; HDF5.len()];
        let read = file::open(path).and_then(|mut file| io::Read::read_exact(&mut file, &mut first));
        read.is_ok() && first == HDF5
    };
    named || begins()
}

fn nir(path: &Path) -> Result<NirReport, InspectError> {
    let bytes = file::read(path, MAX_FILE_BYTES)
        .map_err(|error| InspectError::Read { path: path.to_owned(), error })?;
    let size = bytes.len() as u64;
    let graph =
        spinntui_nir::read(bytes).map_err(|error| InspectError::Nir { path: path.to_owned(), error })?;
    Ok(NirReport::new(path.display().to_string(), size, &graph))
}

/// Describes a model file as text: at most 80 columns if paths, words and data set names are short.
pub fn inspect(model: &Path, out: &mut impl io::Write) -> Result<(), InspectError> {
    let model = Model::load(model)?;
    let mut text = String::new();
    write_card(&model, &mut text);
    text.push('\n');
    if let Some(network) = model.transformer() {
        write_transformer(network, &mut text);
    } else {
        write_layers(&model.network().layers, &mut text);
        text.push('\n');
        write_matrices(&model.network().layers, &mut text);
    }
    text.push('\n');
    write_measured(model.card(), &mut text);
    out.write_all(text.as_bytes())?;
    Ok(())
}

fn write_card(model: &Model, out: &mut String) {
    let card = model.card();
    out.push_str(&card.name);
    out.push('\n');
    let kind = match card.kind {
        Kind::LanguageModel => "language model: predicts the next word",
        Kind::Gestures => "gestures: tells them apart in frames of an event camera",
        Kind::Layers => "EGRU layers alone: for arrays (`task: Tensor(inputs: \"x.npy\")`)",
        Kind::Spiking => "spiking network: for spikes (`task: Spikes(inputs: \"in.csv\")`)",
    };
    let carry = match card.carry {
        Carry::Y => "y goes on from one sequence to the next, cell states restart at 0",
        Carry::Nothing => "every sequence starts from zeros",
        Carry::CAndY => "y and cell states go on from one sequence to the next",
    };
    let mut rows = vec![
        ("title", card.title.clone()),
        ("kind", kind.to_owned()),
        ("file", model.path().display().to_string()),
        ("sequence", format!("{} inputs; {carry}", card.sequence)),
    ];
    match model {
        Model::Language(model) => rows.extend(language_rows(model)),
        Model::Gestures(model) => rows.extend(gesture_rows(model)),
        Model::Layers(_) | Model::Spiking(_) => {}
    }
    if card.output == Output::Trace {
        rows.push((
            "passes on",
            "traces of y (0.9 of the old and 0.1 of y); each layer's own R gets y".to_owned(),
        ));
    }
    if card.compare == Compare::GreaterOrEqual {
        rows.push(("event", "where c ≥ θ, as in the paper's eq. 1 (the authors' code: c > θ)".to_owned()));
    }
    if !card.events {
        rows.push(("event", "none: a GRU, every unit sends its c in every step; no θ, no reset".to_owned()));
    }
    rows.extend(model.notes().iter().map(|note| ("note", note.clone())));
    rows.extend([
        ("training", card.training.clone()),
        ("data", card.data.clone()),
        ("licence", card.licence.clone()),
    ]);
    for (name, text) in rows.iter().filter(|(_, text)| !text.is_empty()) {
        field(out, INDENT, name, text);
    }
}

fn language_rows(model: &LanguageModel) -> Vec<(&'static str, String)> {
    let embedding = &model.embedding;
    let stored = match embedding.values() {
        Values::Int8 { .. } => "8-bit with one scale a word",
        Values::Float(_) => "f32",
    };
    let words = if model.vocabulary.is_characters() { "characters" } else { "words" };
    let tied = if model.decoder.weights.is_none() { "; also the decoder's weights" } else { "" };
    let mut rows = vec![
        ("vocabulary", format!("{} {words}", grouped(model.vocabulary.len() as u64))),
        (
            "embedding",
            format!(
                "{} × {}, {stored}, {} bytes{tied}",
                grouped(embedding.words() as u64),
                embedding.width(),
                grouped(embedding.bytes() as u64)
            ),
        ),
    ];
    if let Some(projection) = &model.decoder.projection {
        let behind = match projection.kind {
            Projection::Relu => "then ReLU",
            Projection::Linear => "linear",
        };
        let (units, width) = (model.network.outputs(), projection.bias.len());
        rows.push((
            "projection",
            format!("{units} to {width} values, {behind}; on the host, like the decoder"),
        ));
    }
    rows
}

fn gesture_rows(model: &GestureModel) -> [(&'static str, String); 2] {
    let channels: Vec<String> = model.head.channels().iter().map(ToString::to_string).collect();
    [
        ("classes", model.card.classes.join(", ")),
        (
            "head",
            format!(
                "five convolutions of {} channels and a linear layer: frames of {FRAME_SIDE} × {FRAME_SIDE} to {} features; {} parameters; on the host, like the readout",
                channels.join("/"),
                model.head.features(),
                grouped(model.head.parameters() as u64)
            ),
        ),
    ]
}

fn write_transformer(network: &Gpt, out: &mut String) {
    let attention = match network.attention {
        Attention::Softmax => "softmax".to_owned(),
        Attention::Spiking { steps, normalise } => {
            let by = if normalise { ", divided by the tokens attended to" } else { "" };
            format!("spike-based, {steps} time steps{by}")
        }
    };
    let mlp = match network.mlp {
        Mlp::Gelu => "GELU".to_owned(),
        Mlp::Spiking { steps, input } => {
            let input = if input == Coding::Encoded { "signed spikes" } else { "values" };
            format!("spiking, {steps} time steps, input as {input}")
        }
    };
    let mut row = |name: &str, value: &str| field(out, 16, name, value);
    row("layers", &network.blocks.len().to_string());
    row("width", &format!("{}, {} heads of {}", network.width, network.heads, network.head_width()));
    row("positions", &network.context.to_string());
    row("attention", &attention);
    row("feed-forward", &mlp);
    row("weights", &format!("{}, 8 bits each", grouped(network.weights() as u64)));
}

fn write_layers(layers: &[EgruLayer], out: &mut String) {
    let mut table = Table::new(&["layer", "inputs", "units", "θ min", "mean", "max", "biases, θ: bytes"]);
    for layer in layers {
        let thetas = || layer.threshold.iter().copied();
        let mean = thetas().map(f64::from).sum::<f64>() / layer.units().max(1) as f64;
        table.row(vec![
            layer.name.clone(),
            grouped(layer.inputs() as u64),
            grouped(layer.units() as u64),
            format!("{:.3}", thetas().fold(f32::INFINITY, f32::min)),
            format!("{mean:.3}"),
            format!("{:.3}", thetas().fold(f32::NEG_INFINITY, f32::max)),
            grouped(4 * (layer.bias.len() + layer.recurrent_bias.len() + layer.units()) as u64),
        ]);
    }
    table.write(out);
}

fn write_matrices(layers: &[EgruLayer], out: &mut String) {
    let mut table =
        Table::new(&["matrix", "shape", "sparsity", "non-zeros", "a unit: min", "mean", "max", "bytes"]);
    let (mut nonzeros, mut bytes, mut entries) = (0, 0, 0.0);
    for layer in layers {
        for (part, matrix) in [("W", &layer.input_weights), ("R", &layer.recurrent)] {
            table.row(matrix_row(&format!("{} {part}", layer.name), matrix));
            nonzeros += matrix.nnz();
            bytes += csr::bytes(matrix);
            entries += matrix.rows() as f64 * matrix.cols() as f64;
        }
    }
    let sparsity = if entries > 0.0 { 1.0 - nonzeros as f64 / entries } else { 0.0 };
    table.row(vec![
        "all".to_owned(),
        String::new(),
        percent(sparsity),
        grouped(nonzeros as u64),
        String::new(),
        String::new(),
        String::new(),
        grouped(bytes as u64),
    ]);
    table.write(out);
    let _ = writeln!(out, "W: weights of the inputs; R: of the layer's own values of the step before.");
    let _ = writeln!(out, "Bytes as on the chip: f32 values, u32 columns, u32 row pointers; over all PEs.");
}

fn matrix_row(name: &str, matrix: &Csr) -> Vec<String> {
    let units = csr::unit_nonzeros(matrix);
    let mean = matrix.nnz() as f64 / units.len().max(1) as f64;
    vec![
        name.to_owned(),
        format!("{}×{}", grouped(matrix.rows() as u64), grouped(matrix.cols() as u64)),
        percent(csr::sparsity(matrix)),
        grouped(matrix.nnz() as u64),
        grouped(units.iter().min().copied().unwrap_or(0).into()),
        format!("{mean:.1}"),
        grouped(units.iter().max().copied().unwrap_or(0).into()),
        grouped(csr::bytes(matrix) as u64),
    ]
}

fn write_measured(card: &Card, out: &mut String) {
    if card.measured.is_empty() {
        out.push_str("No measured results on its card.\n");
        return;
    }
    let result = match card.kind {
        Kind::LanguageModel => "perplexity",
        Kind::Gestures | Kind::Layers | Kind::Spiking => "right",
    };
    let mut table = Table::new(&["measured on", "predictions", result, "layer activity, %"]);
    for measured in &card.measured {
        let activity: Vec<String> =
            measured.activity.iter().map(|&activity| format!("{:.1}", 100.0 * activity)).collect();
        table.row(vec![
            measured.on.clone(),
            grouped(measured.predictions),
            match card.kind {
                Kind::LanguageModel => measured.perplexity.map(|perplexity| format!("{perplexity:.2}")),
                Kind::Gestures | Kind::Layers | Kind::Spiking => measured.accuracy.map(percent),
            }
            .unwrap_or_default(),
            activity.join(" "),
        ]);
    }
    table.write(out);
    let mut sources: Vec<&str> = card.measured.iter().map(|measured| measured.source.as_str()).collect();
    sources.dedup();
    for source in sources {
        field(out, INDENT, "source", source);
    }
    if !card.compares_with.is_empty() {
        field(out, INDENT, "compares with", &card.compares_with);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(model: &str) -> String {
        let mut out = Vec::new();
        // Relative: tests run in the package's root.
        inspect(Path::new(model), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn small() {
        insta::assert_snapshot!(text("models/egru-lm-small"), @r"
        egru-lm-small
        title          EGRU 96/96/48, 2,000 words, 80 % sparse: for tests and quick
                       demos
        kind           language model: predicts the next word
        file           models/egru-lm-small/model.safetensors
        sequence       70 inputs; y and cell states go on from one sequence to the next
        vocabulary     2,000 words
        embedding      2,000 × 48, 8-bit with one scale a word, 104,000 bytes; also the
                       decoder's weights
        training       Two CPU cores; magnitude pruning per matrix ramped up during
                       training; AdamW, cosine schedule; thresholds trained from 0.05;
                       both y and c carried between sequences.
        data           WikiText-2 (Merity et al. 2016; text of Wikipedia authors, CC
                       BY-SA 3.0), training split with its articles in another order
                       than published; the text itself is not part of the model.
        licence        Weights and vocabulary are derived from text under CC BY-SA 3.0:
                       use them under its terms, with that attribution.

        layer   inputs  units  θ min   mean    max  biases, θ: bytes
        rnns.0      48     96  0.001  0.086  0.292             2,688
        rnns.1      96     96  0.001  0.084  0.250             2,688
        rnns.2      96     48  0.001  0.041  0.204             1,344

        matrix     shape  sparsity  non-zeros  a unit: min  mean  max    bytes
        rnns.0 W  288×48    80.0 %      2,765           18  28.8   44   23,276
        rnns.0 R  288×96    80.0 %      5,530           38  57.6  102   45,396
        rnns.1 W  288×96    80.0 %      5,530           10  57.6   87   45,396
        rnns.1 R  288×96    80.0 %      5,530           12  57.6   96   45,396
        rnns.2 W  144×96    80.0 %      2,765           14  57.6   81   22,700
        rnns.2 R  144×48    80.0 %      1,382            9  28.8   46   11,636
        all                 80.0 %     23,502                          193,800
        W: weights of the inputs; R: of the layer's own values of the step before.
        Bytes as on the chip: f32 values, u32 columns, u32 row pointers; over all PEs.

        measured on                          predictions  perplexity  layer activity, %
        WikiText-2 test, first 50 sequences        3,500       29.72     38.5 33.7 38.6
        WikiText-2 test, whole                   245,568       34.24     38.5 33.6 39.0
        source         a separate evaluation (SciPy, f32, batch 1, sequences of 70,
                       state carried on), independent of training code and of this
                       program
        compares with  Nothing outside of this vocabulary: every other word is <unk>,
                       which is easy to predict.
        ");
    }

    #[test]
    fn every_model_fits_80_columns() {
        for model in ["egru-lm-tiny", "egru-lm-small", "egru-lm-wikitext2"] {
            let text = text(&format!("models/{model}"));
            for line in text.lines() {
                assert!(
                    line.chars().count() <= crate::report::table::WIDTH,
                    "{} columns: {line}",
                    line.chars().count()
                );
            }
        }
    }

    #[test]
    fn a_missing_model_is_an_error() {
        let error = inspect(Path::new("models/none"), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("models/none"), "{error}");
    }
}
