"""What people look at: tables, figures, reports and exports. Rows and figures in, nothing computed."""
